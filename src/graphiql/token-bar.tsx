import { useEffect, useState, type JSX } from 'react';
import type { Cell } from './cell.ts';
import { fetchIdentity, type Identity } from './identity.ts';
import type { TokenOffer } from './offer.ts';
import { useCell } from './use-cell.ts';

interface TokenBarProps {
  readonly url: string;
  readonly token: Cell<string>;
  readonly offer: Cell<TokenOffer | null>;
}

function useIdentity(url: string, token: string): Identity | null {
  const [identity, setIdentity] = useState<Identity | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    fetchIdentity(url, token, abort.signal).then(setIdentity, () => undefined);
    return () => abort.abort();
  }, [url, token]);
  return identity;
}

/** The page's top: the token, whom it stands for, and the token of the last response for the taking. */
export function TokenBar({ url, token, offer }: TokenBarProps): JSX.Element {
  const current = useCell(token);
  const offered = useCell(offer);
  const [draft, setDraft] = useState(current);
  const identity = useIdentity(url, current);
  // A token taken over from a response, not typed: the field follows.
  useEffect(() => setDraft(current), [current]);

  return (
    <header className="parley-bar">
      <h1>Parley</h1>
      <form
        className="parley-token"
        onSubmit={(event) => {
          event.preventDefault();
          token.set(draft);
        }}
      >
        <label htmlFor="parley-token">Token</label>
        <input
          id="parley-token"
          type="text"
          value={draft}
          placeholder="member token, wallet token, user JWT; or an API key (pk_…)"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          aria-describedby="parley-identity"
          onChange={(event) => setDraft(event.target.value)}
          onBlur={() => token.set(draft)}
        />
        {current === '' ? null : (
          <button type="button" className="parley-quiet" onClick={() => token.set('')}>
            Forget
          </button>
        )}
      </form>
      <p id="parley-identity" role="status" className={identity?.refused === true ? 'parley-identity parley-refused' : 'parley-identity'}>
        {identity?.text ?? ''}
      </p>
      {offered === null || offered.token === current ? null : (
        <p className="parley-offer">
          <span>Token of {offered.holder}</span>
          <button type="button" onClick={() => token.set(offered.token)}>
            Use this token
          </button>
        </p>
      )}
    </header>
  );
}
