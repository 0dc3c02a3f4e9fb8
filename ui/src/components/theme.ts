import { useState } from "react";

const themes = ["light dark", "light", "dark"] as const;
type Theme = (typeof themes)[number];
const names: Readonly<Record<Theme, string>> = {
  "light dark": "as the system",
  light: "light",
  dark: "dark",
};
const key = "flyball-theme";

/** Before the first paint, so that nothing flashes. */
export function applyStoredTheme(): void {
  document.documentElement.style.colorScheme = storedTheme();
}

export function useTheme(): { name: string; next: () => void } {
  const [theme, setTheme] = useState(storedTheme);
  const next = () => {
    const following = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "light dark";
    localStorage.setItem(key, following);
    document.documentElement.style.colorScheme = following;
    setTheme(following);
  };
  return { name: names[theme], next };
}

function storedTheme(): Theme {
  const stored = localStorage.getItem(key);
  return themes.find((theme) => theme === stored) ?? "light dark";
}
