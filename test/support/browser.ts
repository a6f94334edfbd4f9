import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

function findOnPath(name: string): string | null {
  try {
    return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || null;
  } catch {
    return null;
  }
}

/** The path of an installed Chromium or Chrome; null where there is none. `CHROMIUM_PATH` names another one. */
export function findChromium(): string | null {
  const given = process.env['CHROMIUM_PATH'];
  if (given !== undefined && given !== '') {
    if (existsSync(given)) return given;
    throw new Error(`Expected CHROMIUM_PATH to name an existing file, got ${given}`);
  }
  if (existsSync('/usr/bin/chromium')) return '/usr/bin/chromium';
  return names.map(findOnPath).find((path) => path !== null) ?? null;
}

/** Said where tests are skipped for want of a browser. */
export const browserMissing: string = `No Chromium found: the browser tests are SKIPPED. Install one (apt-get install chromium) or set CHROMIUM_PATH. Looked for /usr/bin/chromium and, on the PATH, ${names.join(', ')}.`;

/** A headless browser with a profile of its own, which goes with it. It makes no request but those of its pages. */
export async function launchBrowser(executablePath: string): Promise<Browser & AsyncDisposable> {
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
