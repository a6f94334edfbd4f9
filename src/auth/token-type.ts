import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { LRUCache } from 'lru-cache';

// As much as HTTP servers take of all headers together.
const maxTokenLength = 16_384;
const cachedHeaders = 100;

/**
 * Reads the `typ` of JWTs: empty where there is none, null where the text is no JWT. It tells who has to check a token, and proves nothing.
 * The first parts of tokens are few and come with each request, so that they are not decoded anew.
 */
export function createTokenTypeReader(): (token: string) => string | null {
  const types = new LRUCache<string, string>({ max: cachedHeaders });
  return (token) => {
    const end = token.indexOf('.');
    if (end === -1 || token.length > maxTokenLength) return null;
    const header = token.slice(0, end);
    const known = types.get(header);
    if (known !== undefined) return known;
    try {
      const type = decodeProtectedHeader(token).typ ?? '';
      types.set(header, type);
      return type;
    } catch {
      return null;
    }
  };
}
