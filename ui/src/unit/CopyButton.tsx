import { useEffect, useState } from "react";

/** How long the button says that it worked, in milliseconds. */
const SAID = 1_500;

/** Copies a text. The clipboard may be refused; the button says so. */
export function CopyButton({ text, label = "Copy" }: { readonly text: string; readonly label?: string }) {
  const [said, setSaid] = useState<string>();
  useEffect(() => {
    if (said === undefined) return undefined;
    const timer = setTimeout(() => setSaid(undefined), SAID);
    return () => clearTimeout(timer);
  }, [said]);
  function copy(): void {
    navigator.clipboard.writeText(text).then(() => setSaid("Copied"), () => setSaid("Not allowed"));
  }
  return <button type="button" className="button small" onClick={copy} aria-live="polite">{said ?? label}</button>;
}
