import { plainLines } from "../logs/ansi";
import type { Tone } from "../status/status";
import { CopyButton } from "./CopyButton";

interface Props {
  readonly title: string;
  readonly text: string;
  readonly tone: Tone;
  readonly testId?: string;
}

/** An error in full, as the program wrote it. */
export function ErrorText({ title, text, tone, testId }: Props) {
  const plain = plainLines(text);
  return (
    <div className={`error-box tone-${tone}`}>
      <div className="error-head">
        <span>{title}</span>
        <CopyButton text={plain} />
      </div>
      <pre className="error-text" tabIndex={0} {...(testId ? { "data-testid": testId } : {})}>{plain}</pre>
    </div>
  );
}
