import { Component, type ReactNode } from "react";
import { Broken } from "./Broken";

interface Props {
  readonly children: ReactNode;
}

interface State {
  readonly error: unknown;
}

/** Says that the page failed instead of leaving it blank. React knows no other way to catch what rendering throws. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render(): ReactNode {
    return this.state.error === undefined ? this.props.children : <Broken error={this.state.error} />;
  }
}
