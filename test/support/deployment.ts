import { readFile } from 'node:fs/promises';
import { parse, parseAllDocuments } from 'yaml';

const root = new URL('../../', import.meta.url);

export const readDeployed = (file: string): Promise<string> => readFile(new URL(file, root), 'utf8');

/** What the tests look at of a service of compose.yaml. */
export interface ComposeService {
  readonly build?: string;
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly env_file?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly networks: readonly string[] | Readonly<Record<string, { readonly aliases?: readonly string[] }>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly unknown[] };
  readonly stop_grace_period?: string;
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/**
 * compose.yaml with `${NAME:-default}` and `${NAME:?message}` filled in as Compose does it.
 * @throws Error with the message where a variable that must be given is not.
 */
export async function readCompose(environ: Readonly<Record<string, string>>): Promise<Compose> {
  const text = (await readDeployed('compose.yaml')).replaceAll(
    /\$\{(\w+)(:[-?])([^}]*)\}/g,
    (_, name: string, kind: string, rest: string) => {
      const value = environ[name] ?? '';
      if (value !== '') return value;
      if (kind === ':?') throw new Error(`${name}: ${rest}`);
      return rest;
    },
  );
  return parse(text, { merge: true }) as Compose;
}

/** The objects of deploy/kubernetes.yaml. */
export const readKubernetes = async (): Promise<readonly any[]> =>
  parseAllDocuments(await readDeployed('deploy/kubernetes.yaml')).map((document) => {
    if ('errors' in document && document.errors[0] !== undefined) throw document.errors[0];
    return document.toJSON();
  });
