/** The credentials of a caller, as headers and as `connection_init` carry them. */
export type Credentials = Readonly<Record<string, string>>;

export const bearer = (token: string): Credentials => ({ authorization: `Bearer ${token}` });

export interface GraphqlAnswer {
  readonly status: number;
  readonly data: any;
  readonly errors:
    | readonly {
        readonly message: string;
        readonly path?: readonly (string | number)[];
        readonly extensions?: Readonly<Record<string, any>>;
      }[]
    | undefined;
}

/** One operation over HTTP POST. Rejects only where no answer came. */
export async function post(
  url: string,
  query: string,
  variables: object = {},
  credentials: Credentials = {},
  signal: AbortSignal | null = null,
): Promise<GraphqlAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...credentials },
    body: JSON.stringify({ query, variables }),
    signal,
  });
  const body = (await response.json()) as any;
  return { status: response.status, data: body.data, errors: body.errors };
}

/** The data of an operation that must succeed. */
export async function query(url: string, source: string, variables: object = {}, credentials: Credentials = {}): Promise<any> {
  const answer = await post(url, source, variables, credentials);
  if (answer.errors !== undefined) throw new Error(`${source}\n${JSON.stringify(answer.errors, null, 2)}`);
  return answer.data;
}

const problemFields = '... on Problem { code status title detail path retryAfterSeconds }';

/** A mutation that takes `$input`, with what is selected of its success and of a `Problem`. */
export const mutation = (field: string, selection: string): string =>
  `mutation ($input: ${field.charAt(0).toUpperCase()}${field.slice(1)}Input!) { ${field}(input: $input) { __typename ${selection} ${problemFields} } }`;

/** What a mutation answered: its success type's fields, or those of a Problem with `__typename` to tell. */
export const mutate = async (url: string, field: string, input: object, selection: string, credentials: Credentials = {}): Promise<any> =>
  (await query(url, mutation(field, selection), { input }, credentials))[field];

const admission = '... on SessionAdmission { session { id cursor } member { id name role } credentials { token expiresAt } }';

export interface Admitted {
  readonly sessionId: string;
  readonly memberId: string;
  readonly cursor: string;
  readonly token: string;
  readonly credentials: Credentials;
}

function admitted(result: any): Admitted {
  if (result.__typename !== 'SessionAdmission') throw new Error(JSON.stringify(result));
  const { session, member, credentials } = result;
  return {
    sessionId: session.id,
    memberId: member.id,
    cursor: session.cursor,
    token: credentials.token,
    credentials: bearer(credentials.token),
  };
}

/** A new session, as its host. */
export const createSession = async (url: string, input: object = {}, credentials: Credentials = {}): Promise<Admitted> =>
  admitted(await mutate(url, 'createSession', input, admission, credentials));

/** One more member of a session. */
export const joinSession = async (url: string, input: object, credentials: Credentials = {}): Promise<Admitted> =>
  admitted(await mutate(url, 'joinSession', input, admission, credentials));
