/** `system` follows the operating system; the others override it. */
export type Theme = "system" | "light" | "dark";

const KEY = "choo.theme";
const ORDER: readonly Theme[] = ["system", "light", "dark"];

/** The theme this person chose last. */
export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return ORDER.find((theme) => theme === stored) ?? "system";
  } catch {
    return "system";
  }
}

/** Shows a theme and keeps it. The style sheet does the rest through `color-scheme`. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Not kept, but shown.
  }
}

/** The one after `theme` in the toggle's round. */
export function nextTheme(theme: Theme): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? "system";
}
