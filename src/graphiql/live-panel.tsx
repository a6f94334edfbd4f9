import { useEffect, useRef, type JSX } from 'react';
import type { Live, LiveEntry } from './live.ts';
import { useCell } from './use-cell.ts';

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

function Line({ entry }: { readonly entry: LiveEntry }): JSX.Element {
  const text = (
    <>
      <time dateTime={entry.receivedAt.toISOString()}>{timeFormat.format(entry.receivedAt)}</time>
      <b>{entry.title}</b>
      <span>{entry.summary}</span>
    </>
  );
  return (
    <li data-kind={entry.kind}>
      {entry.result === null ? (
        <p>{text}</p>
      ) : (
        <details>
          <summary>{text}</summary>
          <pre>{JSON.stringify(entry.result, null, 2)}</pre>
        </details>
      )}
    </li>
  );
}

/** What the subscription received, whichever tab is open: GraphiQL itself shows the last event only, in the tab that subscribed. */
export function LivePanel({ live }: { readonly live: Live }): JSX.Element | null {
  const { running, entries } = useCell(live.state);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [entries]);
  if (!running && entries.length === 0) return null;

  return (
    <section className="parley-live" aria-label="Live events">
      <div className="parley-live-head">
        <h2>Live events</h2>
        <span className={running ? 'parley-state parley-on' : 'parley-state'}>{running ? 'subscribed' : 'not subscribed'}</span>
        {running ? (
          <button type="button" className="parley-quiet" onClick={live.stop}>
            Stop
          </button>
        ) : null}
        <button type="button" className="parley-quiet" onClick={live.clear}>
          Clear
        </button>
      </div>
      <ol ref={list} role="log" aria-live="polite" tabIndex={0} aria-label="Received events">
        {entries.map((entry) => (
          <Line key={entry.id} entry={entry} />
        ))}
      </ol>
    </section>
  );
}
