import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const backendName = 'julep';

/** Configures a gateway on that data directory with the service, and with its defaults otherwise. */
export async function configureService(dataDirectory: string, url: string, apiKey: string): Promise<void> {
  const config = { backends: { [backendName]: { kind: 'JULEP', contract: 'v0.3', url, apiKey } }, defaultBackend: backendName };
  await writeFile(join(dataDirectory, 'parley.config.json'), JSON.stringify(config));
}
