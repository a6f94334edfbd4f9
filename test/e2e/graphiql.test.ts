import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { browserMissing, findChromium, launchBrowser } from '../support/browser.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { createSession, joinSession, mutate } from '../support/graphql-client.ts';
import { type GraphiqlPage, openGraphiql } from './graphiql-page.ts';

const chromium = findChromium();
if (chromium === null) console.error(browserMissing);

const delivery = '... on MessageDelivery { message { id } }';

describe.skipIf(chromium === null)('GraphiQL in a browser', { timeout: 180_000 }, () => {
  let dataDir: string;
  let gateway: GatewayProcess;
  let browser: Browser;
  const open: GraphiqlPage[] = [];
  const openPage = async (): Promise<GraphiqlPage> => {
    const page = await openGraphiql(browser, `${gateway.url}/`);
    open.push(page);
    return page;
  };
  /** What the person creates in the first tab: the ids as the response shows them. */
  const create = async (window: GraphiqlPage): Promise<string> => {
    await window.play();
    await window.response.getByText('"SessionAdmission"').waitFor();
    const [sessionId = ''] = /ses_[\w-]+/.exec((await window.response.textContent()) ?? '') ?? [];
    expect(sessionId).not.toBe('');
    await window.takeToken();
    await window.identity.getByText('You are Alice, host of “Tea at four”').waitFor();
    return sessionId;
  };
  const subscribe = async (window: GraphiqlPage): Promise<void> => {
    await window.openTab('Subscribe');
    await window.play();
    await window.liveLine('StreamOpened').waitFor();
  };

  beforeAll(async () => {
    await promisify(execFile)(process.execPath, [join(import.meta.dirname, '../../scripts/build-graphiql.ts')]);
    dataDir = await mkdtemp(join(tmpdir(), 'parley-graphiql-'));
    gateway = await startGatewayProcess({ dataDir });
    browser = await launchBrowser(chromium ?? '');
  }, 180_000);
  afterAll(async () => {
    // Where the browser could not be started, the gateway was.
    await browser?.close();
    await gateway?.[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });
  afterEach(async () => {
    const complaints = open.flatMap((window) => window.complaints);
    await Promise.all(open.splice(0).map(async (window) => window.close()));
    if (complaints.length > 0) throw new Error(`The page made complaints:\n${complaints.join('\n')}`);
  });

  test('a person creates a session, follows it, sees a message arrive, and kicks who sent it', async () => {
    const alice = await openPage();
    expect(await alice.page.title()).toBe('Parley');
    const sessionId = await create(alice);
    await subscribe(alice);

    const bob = await joinSession(gateway.url, { sessionId, identity: { name: 'Bob' } });
    await alice.liveLine('MemberJoined', 'Bob').waitFor();
    await mutate(gateway.url, 'sendMessage', { content: 'Is there sugar? 🍬' }, delivery, bob.credentials);
    await alice.liveLine('MessageAdded', 'Bob: Is there sugar? 🍬').waitFor();
    // GraphiQL itself shows the event in the tab that subscribed.
    await alice.response.getByText('Is there sugar?').waitFor();

    await alice.openTab('Send');
    await alice.play();
    await alice.liveLine('MessageAdded', 'Alice: Hello from GraphiQL').waitFor();

    await alice.openTab('Kick');
    await alice.write('Variables', { input: { memberId: bob.memberId, reason: 'No sugar' } });
    await alice.play();
    await alice.response.getByText('"KICKED"').waitFor();
    const kicked = alice.liveLine('MemberKicked', 'Bob · by Alice · No sugar');
    await kicked.click();
    await kicked.getByText(`"id": "${bob.memberId}"`).waitFor();

    await alice.openTab('Look');
    await alice.play();
    await alice.response.getByText('"currentSession"').waitFor();
    expect(await alice.response.textContent()).not.toContain('"Bob"');

    expect(alice.requests).toContain(`${gateway.url.replace('http', 'ws')}/graphql`);
    expect(alice.requests.filter((address) => address.includes('worker'))).not.toEqual([]);
  });

  test('one window is enough to bring in a second member, two windows are two people', async () => {
    const alice = await openPage();
    const sessionId = await create(alice);
    await subscribe(alice);
    // The tab asks as nobody, whatever the token.
    await alice.openTab('Join');
    await alice.write('Variables', { input: { sessionId, identity: { name: 'Bob' } } });
    await alice.play();
    await alice.liveLine('MemberJoined', 'Bob').waitFor();
    expect(await alice.identity.textContent()).toContain('Alice');

    const carol = await openPage();
    await carol.identity.getByText('You are anonymous').waitFor();
    await carol.openTab('Join');
    await carol.write('Variables', { input: { sessionId, identity: { name: 'Carol' } } });
    await carol.play();
    await carol.takeToken();
    await carol.identity.getByText('You are Carol, member of “Tea at four”').waitFor();
    await subscribe(carol);
    await carol.openTab('Send');
    await carol.play();
    for (const window of [alice, carol]) await window.liveLine('MessageAdded', 'Carol: Hello from GraphiQL').waitFor();
  });

  test('the subscription goes on while other tabs are open, and ends by its stop button', async () => {
    const alice = await openPage();
    await create(alice);
    await subscribe(alice);
    for (const name of ['Create', 'Look', 'Subscribe', 'Kick']) await alice.openTab(name);
    await alice.page.getByText('subscribed', { exact: true }).waitFor();
    await alice.page.getByRole('region', { name: 'Live events' }).getByRole('button', { name: 'Stop' }).click();
    await alice.page.getByText('not subscribed', { exact: true }).waitFor();
    await alice.openTab('Send');
    await alice.play();
    await alice.response.getByText('"MessageDelivery"').waitFor();
    expect(await alice.liveLine('MessageAdded').count()).toBe(0);

    // GraphiQL's own button does the same where the tab is still open.
    await alice.page.getByRole('region', { name: 'Live events' }).getByRole('button', { name: 'Clear' }).click();
    await subscribe(alice);
    await alice.page.getByRole('button', { name: /^Stop query/ }).click();
    await alice.page.getByText('not subscribed', { exact: true }).waitFor();
  });

  test('a token that is put into the field reconnects the subscription as its holder', async () => {
    const host = await createSession(gateway.url, { title: 'Relay', identity: { name: 'Ada' } });
    const guest = await joinSession(gateway.url, { sessionId: host.sessionId, identity: { name: 'Grace' } });
    const window = await openPage();
    await window.token.fill(host.token);
    await window.token.press('Enter');
    await window.identity.getByText('You are Ada, host of “Relay”').waitFor();
    await subscribe(window);
    await window.token.fill(guest.token);
    await window.token.press('Enter');
    await window.identity.getByText('You are Grace, member of “Relay”').waitFor();
    await expect.poll(async () => window.liveLine('StreamOpened').count()).toBe(2);
    // The guest's stream, and no other, ends with the guest.
    await mutate(gateway.url, 'kickMember', { memberId: guest.memberId }, '__typename', host.credentials);
    await window.liveLine('MemberKicked', 'Grace').waitFor();
    await window.liveLine('The gateway ended the subscription').waitFor();
  });

  test('the headers editor counts for queries and for subscriptions', async () => {
    const host = await createSession(gateway.url, { title: 'By header', identity: { name: 'Ada' } });
    const window = await openPage();
    await window.openTab('Look');
    await window.write('Headers', { authorization: `Bearer ${host.token}` });
    await window.play();
    await window.response.getByText('"By header"').waitFor();
    await window.openTab('Subscribe');
    await window.write('Headers', { authorization: `Bearer ${host.token}` });
    await window.play();
    await window.liveLine('StreamOpened').waitFor();
    await mutate(gateway.url, 'sendMessage', { content: 'Here' }, delivery, host.credentials);
    await window.liveLine('MessageAdded', 'Ada: Here').waitFor();
    // The field at the top is none of it.
    expect(await window.identity.textContent()).toBe('You are anonymous');
  });

  test('a refusal is shown: of a token, of a subscription, of an input', async () => {
    const window = await openPage();
    await window.openTab('Subscribe');
    await window.play();
    await window.page.getByRole('log').locator('[data-kind="error"]').waitFor();
    await window.page.getByText('not subscribed', { exact: true }).waitFor();
    await window.openTab('Join');
    await window.play();
    await window.response.getByText('"Problem"').waitFor();
    expect(window.complaints).toEqual([]);

    await window.token.fill('no-such-token');
    await window.token.press('Enter');
    await window.page.locator('#parley-identity.parley-refused').waitFor();
    expect(await window.identity.textContent()).not.toBe('');
    // The browser itself reports the 401.
    const reported = window.complaints as string[];
    expect(reported.every((complaint) => complaint.includes('401'))).toBe(true);
    reported.splice(0);
  });

  test('tabs, token and edits outlive a reload, in this window only', async () => {
    const alice = await openPage();
    await create(alice);
    await alice.openTab('Send');
    await alice.write('Variables', { input: { content: 'Still here' } });
    // GraphiQL writes its state half a second after the last edit.
    await alice.page.waitForFunction(() =>
      Object.entries(sessionStorage).some(([key, value]) => key.includes('tabState') && String(value).includes('Still here')),
    );
    await alice.page.reload();
    await alice.identity.getByText('You are Alice, host of “Tea at four”').waitFor();
    await alice.page.getByRole('region', { name: 'Variables' }).getByText('Still here').waitFor();
    expect(await alice.page.locator('[id^="graphiql-session-tab-"]').allTextContents()).toEqual([
      'Create',
      'Join',
      'Subscribe',
      'Send',
      'Kick',
      'Look',
      'Backends',
      'Ask',
    ]);
    expect(await alice.page.evaluate(() => JSON.stringify(Object.values(localStorage)))).not.toContain('Still here');
  });

  test('the documentation explains a session', async () => {
    const window = await openPage();
    await window.page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await window.page.getByRole('link', { name: 'Session', exact: true }).first().click();
    const docs = window.page.locator('.graphiql-doc-explorer');
    await docs.locator('.graphiql-doc-explorer-title', { hasText: 'Session' }).waitFor();
    const described = await docs.locator('.graphiql-markdown-description').first().textContent();
    expect(described?.trim()).toMatch(/session/i);
  });
});
