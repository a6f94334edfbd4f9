/**
 * Where the URL of a database leads, as it may be shown: without user, password and options.
 *
 * @throws Error where it is no such URL; the error does not quote it.
 */
export function placeOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !['postgres:', 'postgresql:'].includes(parsed.protocol)) {
    throw new Error('Expected the URL of the PostgreSQL store to be like postgres://user:password@host:5432/database, got (hidden)');
  }
  // A socket's folder may stand in the query instead.
  const host = parsed.hostname || parsed.searchParams.get('host') || 'localhost';
  return `${host}:${parsed.port || '5432'}${parsed.pathname}`;
}

/** The text without the password that the URL carries, in either of its forms. */
export function withoutPassword(text: string, url: string): string {
  const { password, searchParams } = new URL(url);
  const forms = [password, decoded(password), searchParams.get('password') ?? ''].filter((form) => form !== '');
  return forms.reduce((rest, form) => rest.replaceAll(form, '(hidden)'), text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
