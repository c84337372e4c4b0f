import { memo } from "react";
import type { Look, Shape } from "./status";
import "./status.css";

const PATHS: Readonly<Record<Exclude<Shape, "spinner">, string>> = {
  ring: "",
  dot: "M8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  eye: "M3.8 8c1-1.8 2.5-2.7 4.2-2.7s3.2.9 4.2 2.7c-1 1.8-2.5 2.7-4.2 2.7S4.8 9.8 3.8 8zM8 7.1v1.8",
  check: "M5.2 8.2l2 2 3.6-4.2",
  cross: "M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4",
  barrier: "M5 8h6",
  skip: "M5.5 5.8L7.7 8l-2.2 2.2M8.5 5.8L10.7 8l-2.2 2.2",
  slash: "M5.6 10.4l4.8-4.8",
  pause: "M6.6 5.8v4.4M9.4 5.8v4.4",
  retry: "M10.8 8a2.8 2.8 0 1 1-.9-2.1M10.4 4.4v2h-2",
  question: "M6.4 6.7a1.6 1.6 0 1 1 2.3 1.4c-.5.3-.7.5-.7 1M8 10.9v.1",
};

/** A 16 px sign for a status. Decoration only: the word stands beside it or in the label of what carries it. */
export const StatusIcon = memo(function StatusIcon({ look }: { readonly look: Look }) {
  return (
    <svg className={`status-icon tone-${look.tone}`} data-shape={look.shape} viewBox="0 0 16 16" aria-hidden="true">
      {look.shape === "spinner"
        ? <><circle className="status-track" cx="8" cy="8" r="6" /><path className="status-arc" d="M8 2a6 6 0 0 1 6 6" /></>
        : <><circle className="status-disc" cx="8" cy="8" r="6.25" /><path className="status-mark" d={PATHS[look.shape]} /></>}
    </svg>
  );
});
