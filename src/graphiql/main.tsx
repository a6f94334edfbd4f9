import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { createCell } from './cell.ts';
import { createFetcher, type TabsInView } from './fetcher.ts';
import { createLive } from './live.ts';
import { offerIn, type TokenOffer } from './offer.ts';
import { createPageStorage } from './page-storage.ts';
import { createTokenCell } from './token.ts';
import { installWorkers } from './workers.ts';

/** The server writes the endpoint's path into the page. */
const endpoint = document.querySelector<HTMLMetaElement>('meta[name="parley-endpoint"]')?.content ?? '/graphql';
const url = new URL(endpoint, location.href).href;

installWorkers();
const token = createTokenCell(sessionStorage);
const offer = createCell<TokenOffer | null>(null);
const tabs = createCell<TabsInView>({ active: null, all: [] });
const live = createLive(url.replace(/^http/, 'ws'));
token.subscribe(live.restart);
const fetcher = createFetcher({
  url,
  live,
  token: token.get,
  tabs: tabs.get,
  onResult(result) {
    const found = offerIn(result);
    if (found !== null) offer.set(found);
  },
});
const storage = createPageStorage(sessionStorage, localStorage);

const root = document.querySelector('#root');
if (root === null) throw new Error('The page has no element #root to draw into');
createRoot(root).render(
  <App
    url={url}
    fetcher={fetcher}
    live={live}
    token={token}
    offer={offer}
    tabs={tabs}
    storage={storage}
    firstVisit={storage.getItem('graphiql:tabState') === null}
  />,
);
