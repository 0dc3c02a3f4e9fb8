// What the page does beyond being read: search, copying, and opening what an address names.

const search = document.querySelector("#search");
const found = document.querySelector("#found");
const entries = [...document.querySelectorAll(".entry")];
const links = new Map([...document.querySelectorAll("nav li a")].map((link) => [link.hash, link.parentElement]));
const texts = new Map(
  entries.map((entry) => [entry, `${entry.id} ${entry.querySelector("summary").textContent}`.toLowerCase()]),
);

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const entry of entries) {
    const fits = words.every((word) => texts.get(entry).includes(word));
    if (fits) count += 1;
    entry.hidden = !fits;
    const link = links.get(`#${entry.id}`);
    if (link) link.hidden = !fits;
  }
  for (const section of document.querySelectorAll(".resource"))
    section.hidden = !section.querySelector(".entry:not([hidden])");
  found.textContent = words.length > 0 ? `${count} found` : "";
}

function openNamed() {
  const named = document.getElementById(location.hash.slice(1));
  if (!named) return;
  if (named.closest("[hidden]")) {
    search.value = "";
    filter();
  }
  if (named instanceof HTMLDetailsElement) named.open = true;
  named.scrollIntoView();
}

function addCopy(pre) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    // Where a browser lets no page copy, the text is at least selected.
    getSelection().selectAllChildren(pre);
    await navigator.clipboard.writeText(pre.textContent).then(
      () => {
        button.textContent = "Copied";
      },
      () => {
        button.textContent = "Selected";
      },
    );
  });
  pre.before(button);
}

search.addEventListener("input", filter);
document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement;
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    search.focus();
  }
  const first = event.target === search && event.key === "Enter" && entries.find((entry) => !entry.hidden);
  if (first) {
    event.preventDefault();
    first.open = true;
    first.querySelector("summary").focus();
  }
});
addEventListener("hashchange", openNamed);
for (const pre of document.querySelectorAll("pre")) addCopy(pre);
openNamed();
