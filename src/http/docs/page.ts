import { html } from "hono/html";
import type { OpenapiDocument } from "../openapi/index.ts";
import { type Asked, curlOf } from "./curl.ts";
import { type Html, listOf, type Schema, shapeOf } from "./schema.ts";

/** Every request of the description, by resource, on one page that needs no script to be read. */
export function docsPage({ info, paths, components }: OpenapiDocument, origin: string): Html {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]): Asked => ({ path, method, described })),
  );
  const resources = Map.groupBy(operations, ({ described }) => described.tags[0] ?? "");
  const { schemas } = components;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="/flyball.svg">
<link rel="stylesheet" href="/docs/docs.css">
<script type="module" src="/docs/docs.js"></script>
<title>${info.title} API</title>
</head>
<body>
<header>
<h1>${info.title} API</h1>
<p>${info.description} <a href="/openapi.json">OpenAPI 3.1</a> · <a href="/">Console</a></p>
</header>
<div class="columns">
<nav aria-label="Requests">
<label for="search">Search <kbd>/</kbd></label>
<input id="search" type="search" autocomplete="off" spellcheck="false">
<p id="found" role="status"></p>
${[...resources].map(([name, asked]) => navOf(name, asked))}
<section><h2><a href="#schemas">Schemas</a></h2></section>
</nav>
<main>
${[...resources].map(
  ([name, asked]) => html`<section class="resource" aria-labelledby="resource-${name}">
<h2 id="resource-${name}">${name}</h2>
${asked.map((each) => operationOf(each, curlOf(each, origin, schemas)))}
</section>`,
)}
<section class="resource" aria-labelledby="schemas">
<h2 id="schemas">Schemas</h2>
${Object.entries(schemas).map(([name, schema]) => schemaOf(name, schema))}
</section>
</main>
</div>
</body>
</html>`;
}

function navOf(name: string, asked: readonly Asked[]): Html {
  return html`<section><h2><a href="#resource-${name}">${name}</a></h2>
<ul>${asked.map(
    ({ path, method, described }) =>
      html`<li><a href="#${described.operationId}">${methodOf(method)} ${path}</a></li>`,
  )}</ul></section>`;
}

function methodOf(method: string): Html {
  return html`<span class="method ${method}">${method.toUpperCase()}</span>`;
}

function operationOf({ path, method, described }: Asked, curl: string): Html {
  const { operationId, summary, parameters, requestBody, responses } = described;
  const given = parameters.map(({ name, in: place, required, description, schema }) => ({
    name,
    isRequired: required,
    schema: { ...schema, description: [`In the ${place}.`, description].filter(Boolean).join(" ") },
  }));
  return html`<details id="${operationId}" class="entry">
<summary><h3>${methodOf(method)} <code>${path}</code></h3> <span>${summary}</span></summary>
${given.length > 0 ? html`<h4>Parameters</h4>${listOf(given)}` : ""}
${requestBody ? html`<h4>Body</h4>${Object.values(requestBody.content).map(({ schema }) => shapeOf(schema))}` : ""}
${Object.entries(responses).map(
  ([status, { description, content = {} }]) => html`<h4>${status === "default" ? "Errors" : status}</h4>
${status === "default" ? html`<p>${description}, with a stable code.</p>` : ""}
${Object.entries(content).map(([type, { schema }]) => html`<p><code>${type}</code></p>${shapeOf(schema)}`)}`,
)}
<h4>Example</h4>
<pre tabindex="0">${curl}</pre>
</details>`;
}

function schemaOf(name: string, schema: Schema): Html {
  return html`<details id="schema-${name}" class="entry">
<summary><h3><code>${name}</code></h3></summary>
${shapeOf(schema)}
</details>`;
}
