import type { Look } from "./status";
import { StatusIcon } from "./StatusIcon";

interface Props {
  readonly look: Look;
  readonly testId?: string;
}

/** Icon and word of a status, on a tint of its colour. */
export function StatusBadge({ look, testId }: Props) {
  return (
    <span className={`status-badge tone-${look.tone}`} {...(testId ? { "data-testid": testId } : {})}>
      <StatusIcon look={look} />
      <span>{look.word}</span>
    </span>
  );
}
