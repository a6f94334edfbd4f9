import type { Page, PageRequest } from '../core/queries.ts';
import { ProblemError, problem } from '../core/problem.ts';
import type { PageInfo } from './generated.ts';
import type { PageCursors } from './page-cursor.ts';
import type { Connection } from './sources.ts';

/** How many rows a page has where nothing is said. */
export const defaultPageSize = 20;

type Maybe<T> = T | null | undefined;

export interface PageArgs {
  readonly first?: Maybe<number>;
  readonly after?: Maybe<string>;
  readonly last?: Maybe<number>;
  readonly before?: Maybe<string>;
}

const given = <T>(value: Maybe<T>): value is T => value !== null && value !== undefined;

function bounded(argument: 'first' | 'last', size: number, max: number): number {
  if (size >= 0 && size <= max) return size;
  throw new ProblemError(problem('BAD_INPUT', `Expected \`${argument}\` to be from 0 to ${max}, got ${size}.`, { path: [argument] }));
}

/**
 * The page that a connection's arguments ask for.
 *
 * @throws ProblemError BAD_INPUT for a size out of bounds, both sizes at once, and cursors of other lists.
 */
export function pageOf<Place>(args: PageArgs, cursors: PageCursors<never, Place>, maxListSize: number): PageRequest<Place> {
  const { first, last, after, before } = args;
  if (given(first) && given(last)) {
    throw new ProblemError(problem('BAD_INPUT', 'Expected one of `first` and `last`, got both.', { path: ['last'] }));
  }
  const limit = given(last) ? bounded('last', last, maxListSize) : bounded('first', first ?? defaultPageSize, maxListSize);
  return {
    limit,
    ...(given(after) && { after: cursors.decode('after', after) }),
    ...(given(before) && { before: cursors.decode('before', before) }),
    ...(given(last) && { fromEnd: true }),
  };
}

/** What the store answered to `request`, as a connection. */
export function connectionOf<T, Place>(page: Page<T>, request: PageRequest<Place>, cursors: PageCursors<T, Place>): Connection<T> {
  const backward = request.fromEnd === true;
  return {
    nodes: page.items,
    totalCount: page.totalCount,
    hasNextPage: backward ? request.before !== undefined : page.hasMore,
    hasPreviousPage: backward ? page.hasMore : request.after !== undefined,
    cursorOf: (row) => cursors.encode(row),
  };
}

/** Makes cursors only where they are asked for: most pages are not gone on from. */
class PageInfoOf<T> implements PageInfo {
  readonly #connection: Connection<T>;

  constructor(connection: Connection<T>) {
    this.#connection = connection;
  }

  get hasNextPage(): boolean {
    return this.#connection.hasNextPage;
  }

  get hasPreviousPage(): boolean {
    return this.#connection.hasPreviousPage;
  }

  get startCursor(): string | null {
    return this.#cursorAt(0);
  }

  get endCursor(): string | null {
    return this.#cursorAt(this.#connection.nodes.length - 1);
  }

  #cursorAt(index: number): string | null {
    const { nodes, cursorOf } = this.#connection;
    const node = nodes[index];
    return node === undefined ? null : cursorOf(node, index);
  }
}

/** The fields that every connection type has besides its plain ones. */
export const connectionFields = {
  edges: <T>({ nodes, cursorOf }: Connection<T>): readonly { readonly node: T; readonly cursor: string }[] =>
    nodes.map((node, index) => ({ node, cursor: cursorOf(node, index) })),
  pageInfo: <T>(connection: Connection<T>): PageInfo => new PageInfoOf(connection),
} as const;
