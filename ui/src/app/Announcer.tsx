import { useEffect, useState } from "react";
import { useFeed } from "../connection/FeedProvider";
import { announcement, type Told } from "./announce";

/** The shortest time between two announcements, in milliseconds: a screen reader has to finish its sentence. */
const PAUSE = 2_000;

/** Tells a screen reader what changes. What was so when the page opened is not news. */
export function Announcer() {
  const feed = useFeed();
  const [words, setWords] = useState("");
  useEffect(() => {
    const look = (): Told => ({
      run: feed.state?.status,
      units: new Map([...feed.units].map(([id, unit]) => [id, unit.status])),
    });
    let told = look();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = (): void => {
      timer = undefined;
      const now = look();
      const next = announcement(told, now);
      told = now;
      if (next !== "") setWords(next);
    };
    const later = (): void => {
      timer ??= setTimeout(tell, PAUSE);
    };
    const unsubscribe = [feed.subscribe("units", later), feed.subscribe("run", later)];
    return () => {
      clearTimeout(timer);
      for (const stop of unsubscribe) stop();
    };
  }, [feed]);
  return <p className="sr-only" role="status" aria-live="polite" data-testid="announcer">{words}</p>;
}
