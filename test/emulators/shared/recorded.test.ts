import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

test.each([
  ['sipher', 33, []],
  ['eliza', 44, ['create metadata too large', 'send 4001 chars', '(the end of a longer list of messages)']],
])('the replies recorded of %s are there', async (name, count, truncated) => {
  const url = new URL(`../recorded/${name}.json`, import.meta.url);
  const replies = JSON.parse(await readFile(url, 'utf8')) as { name: string; status: number; body: unknown; truncated?: boolean }[];
  expect(replies).toHaveLength(count);
  expect(replies.filter(({ status }) => !Number.isInteger(status))).toEqual([]);
  expect(replies.filter((each) => each.truncated === true).map((each) => each.name)).toEqual(truncated);
});
