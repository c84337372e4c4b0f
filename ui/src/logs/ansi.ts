import Anser from "anser";

/** A stretch of text that looks the same throughout. */
export interface Span {
  readonly text: string;
  /** Class names of the style sheet (`fg-red`, `bold`, …), joined by spaces; empty for plain text. */
  readonly classes: string;
  /** Colours outside the sixteen of the theme, as CSS colours. */
  readonly color?: string;
  readonly background?: string;
}

const ESCAPE = "\u001b";
/** Operating-system commands (titles, links): everything up to BEL or ST says nothing about the text. */
const OSC = /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?/g;
/** Two-byte escapes (character sets, keypad modes) and what an unfinished sequence leaves behind. */
const OTHER_ESCAPE = /\u001b(?:[()][A-Za-z0-9]|[^[\]])/g;
/** Control characters that have no picture; a tab keeps its meaning. */
const CONTROL = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g;

/** A terminal's line as spans. Nothing in it is ever markup: what comes out is text and names of looks. */
export function parseAnsi(line: string): readonly Span[] {
  const shown = overwritten(line);
  if (!shown.includes(ESCAPE)) return [{ text: shown.replace(CONTROL, ""), classes: "" }];
  const chunks = Anser.ansiToJson(shown.replace(OSC, "").replace(OTHER_ESCAPE, ""), { json: true, use_classes: true, remove_empty: true });
  const spans: Span[] = [];
  for (const chunk of chunks) {
    const text = chunk.content.replaceAll(ESCAPE, "").replace(CONTROL, "");
    if (text === "") continue;
    const classes = [look("fg", chunk.fg), look("bg", chunk.bg), ...chunk.decorations].filter(Boolean).join(" ");
    const color = paint(chunk.fg, chunk.fg_truecolor);
    const background = paint(chunk.bg, chunk.bg_truecolor);
    spans.push({ text, classes, ...(color ? { color } : {}), ...(background ? { background } : {}) });
  }
  return spans;
}

/** The line without its colours, for search and for copying. */
export function plainText(line: string): string {
  return parseAnsi(line).map(({ text }) => text).join("");
}

/** The same for a text of several lines. */
export function plainLines(text: string): string {
  return text.split("\n").map(plainText).join("\n");
}

/** A terminal goes back to the start of the line at CR, so of a progress bar's states the last one is seen. */
function overwritten(line: string): string {
  const end = line.endsWith("\r") ? line.length - 1 : line.length;
  const from = line.lastIndexOf("\r", end - 1);
  return line.slice(from + 1, end);
}

/** `ansi-bright-red` is `fg-bright-red`; palette and true colours have no class. */
function look(part: "fg" | "bg", name: string | null): string {
  const named = name === null ? null : /^ansi-((?:bright-)?[a-z]+)$/.exec(name);
  return named?.[1] && named[1] !== "truecolor" ? `${part}-${named[1]}` : "";
}

function paint(name: string | null, trueColor: string | null): string | undefined {
  if (name === null) return undefined;
  if (name === "ansi-truecolor" && trueColor) return `rgb(${trueColor})`;
  const palette = /^ansi-palette-(\d+)$/.exec(name);
  return palette ? paletteColor(Number(palette[1])) : undefined;
}

/** Colours 16 to 255 of the usual terminal palette: a cube of 6×6×6, then 24 greys. */
function paletteColor(index: number): string {
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey}, ${grey}, ${grey})`;
  }
  const cube = index - 16;
  const channel = (value: number) => (value === 0 ? 0 : 55 + value * 40);
  return `rgb(${channel(Math.floor(cube / 36))}, ${channel(Math.floor(cube / 6) % 6)}, ${channel(cube % 6)})`;
}
