import { useState } from "react";
import { applyTheme, nextTheme, storedTheme, type Theme } from "./theme";

const ICONS: Readonly<Record<Theme, string>> = {
  system: "M2.5 3.5h11v7h-11zM6 13.5h4M8 10.5v3",
  light: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1",
  dark: "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z",
};

/** Goes round: as the system has it, light, dark. */
export function ThemeToggle() {
  const [theme, setTheme] = useState(storedTheme);
  function turn(): void {
    const next = nextTheme(theme);
    applyTheme(next);
    setTheme(next);
  }
  return (
    <button type="button" className="icon-button" onClick={turn} aria-label={`Theme: ${theme}`} title={`Theme: ${theme}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true"><path d={ICONS[theme]} /></svg>
    </button>
  );
}
