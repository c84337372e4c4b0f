import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { href, navigate, type Route } from "./route";

interface Props extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> {
  readonly to: Route;
}

/** A real link within the page: opens in a new tab like any other, and does not reload on a plain click. */
export function Link({ to, onClick, children, ...rest }: Props) {
  function follow(event: MouseEvent<HTMLAnchorElement>): void {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  }
  return <a {...rest} href={href(to)} onClick={follow}>{children}</a>;
}
