import type { Browser, Locator, Page } from 'playwright-core';

/** GraphiQL in a browser window, and what a person does there. */
export interface GraphiqlPage {
  readonly page: Page;
  /** Everything that ought not to happen: console errors and warnings, exceptions, requests to another origin, failed requests. */
  readonly complaints: readonly string[];
  readonly requests: readonly string[];
  openTab(name: string): Promise<void>;
  play(): Promise<void>;
  /** Replaces what is in the variables or the headers editor. */
  write(editor: 'Variables' | 'Headers', json: object): Promise<void>;
  /** The response editor's text, as far as it is in view. */
  readonly response: Locator;
  /** The line of the live panel that has both texts. */
  liveLine(title: string, text?: string): Locator;
  readonly token: Locator;
  readonly identity: Locator;
  takeToken(): Promise<void>;
  close(): Promise<void>;
}

/** A window with storage of its own. */
export async function openGraphiql(browser: Browser, url: string): Promise<GraphiqlPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const complaints: string[] = [];
  const requests: string[] = [];
  const origin = new URL(url).host;
  const ask = (address: string): void => {
    requests.push(address);
    if (!address.startsWith('data:') && !address.startsWith('blob:') && new URL(address).host !== origin)
      complaints.push(`request to ${address}`);
  };
  context.on('request', (request) => ask(request.url()));
  context.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? '';
    // A reload gives up what was on its way.
    if (reason !== 'net::ERR_ABORTED') complaints.push(`failed: ${request.url()} ${reason}`);
  });
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`console ${message.type()}: ${message.text()}`);
  });
  context.on('weberror', (error) => complaints.push(`exception: ${error.error().message}`));

  const page = await context.newPage();
  // Nothing here is about speed, and machines that run tests are busy.
  page.setDefaultTimeout(90_000);
  page.on('websocket', (socket) => ask(socket.url()));
  await page.goto(url);
  const tab = (name: string): Locator => page.locator('[id^="graphiql-session-tab-"]').getByText(name, { exact: true });
  const playButton = page.getByRole('button', { name: /^Execute query/ });
  // Monaco has drawn the query.
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();

  return {
    page,
    complaints,
    requests,
    async openTab(name) {
      await tab(name).click();
      // The editors follow the click a moment later; until then what is played is the tab before.
      await page
        .locator('.graphiql-query-editor .view-lines')
        .getByText(new RegExp(`·\\s${name.toUpperCase()}`))
        .waitFor();
    },
    play: async () => playButton.click(),
    async write(editor, json) {
      await page.getByRole('button', { name: editor, exact: true }).click();
      const section = page.getByRole('region', { name: editor });
      await section.locator('.graphiql-editor:not(.hidden) .view-lines').click();
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.insertText(JSON.stringify(json));
      // The editor closes quotes and brackets by itself: what stands behind the caret was not written here.
      await page.keyboard.press('ControlOrMeta+Shift+End');
      await page.keyboard.press('Delete');
    },
    response: page.locator('.result-window'),
    liveLine: (title, text = '') => page.getByRole('log').getByRole('listitem').filter({ hasText: title }).filter({ hasText: text }),
    token: page.getByLabel('Token'),
    identity: page.locator('#parley-identity'),
    takeToken: async () => page.getByRole('button', { name: 'Use this token' }).click(),
    close: async () => context.close(),
  };
}
