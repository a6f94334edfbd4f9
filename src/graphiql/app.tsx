import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import type { Fetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { useEffect, useRef, type JSX } from 'react';
import type { Cell } from './cell.ts';
import type { TabsInView } from './fetcher.ts';
import { LivePanel } from './live-panel.tsx';
import type { Live } from './live.ts';
import type { TokenOffer } from './offer.ts';
import type { PageStorage } from './page-storage.ts';
import { startingTabs } from './tabs.ts';
import { TokenBar } from './token-bar.tsx';
import { useCell } from './use-cell.ts';

interface AppProps {
  readonly url: string;
  readonly fetcher: Fetcher;
  readonly live: Live;
  readonly token: Cell<string>;
  readonly offer: Cell<TokenOffer | null>;
  readonly tabs: Cell<TabsInView>;
  readonly storage: PageStorage;
  /** Nothing is stored yet: the page opens on the first starting tab. */
  readonly firstVisit: boolean;
}

/** Asks for the schema again after the token changed, where the gateway refused it before. */
function SchemaRetry({ token }: { readonly token: Cell<string> }): null {
  const current = useCell(token);
  const schema = useGraphiQL((state) => state.schema);
  const actions = useGraphiQLActions();
  const asked = useRef(current);
  useEffect(() => {
    if (asked.current === current) return;
    asked.current = current;
    if (!schema) void actions.introspect();
  }, [current, schema, actions]);
  return null;
}

/** GraphiQL has no option for it, and long lines would hide under the buttons beside the editor. */
function WordWrap(): null {
  const query = useGraphiQL((state) => state.queryEditor);
  const variables = useGraphiQL((state) => state.variableEditor);
  useEffect(() => {
    for (const editor of [query, variables]) editor?.updateOptions({ wordWrap: 'on' });
  }, [query, variables]);
  return null;
}

/** The whole page. */
export function App({ url, fetcher, live, token, offer, tabs, storage, firstVisit }: AppProps): JSX.Element {
  const [first] = startingTabs;
  return (
    <>
      <TokenBar url={url} token={token} offer={offer} />
      <main className="parley-main">
        <GraphiQL
          fetcher={fetcher}
          defaultTabs={[...startingTabs]}
          // GraphiQL fills the variables editor from the stored state or from here, not from the first default tab; and where a state is
          // stored it would take these for one more tab.
          {...(firstVisit ? { initialQuery: first.query, initialVariables: first.variables } : {})}
          defaultEditorToolsVisibility="variables"
          inputValueDeprecation
          schemaDescription
          storage={storage}
          shouldPersistHeaders
          showPersistHeadersSettings={false}
          onTabChange={({ tabs: all, activeTabIndex }) =>
            tabs.set({ active: all[activeTabIndex]?.id ?? null, all: all.map(({ id }) => id) })
          }
        >
          <GraphiQL.Logo>
            <span className="parley-logo">GraphiQL</span>
          </GraphiQL.Logo>
          <GraphiQL.Footer>
            <SchemaRetry token={token} />
            <WordWrap />
            <LivePanel live={live} />
          </GraphiQL.Footer>
        </GraphiQL>
      </main>
    </>
  );
}
