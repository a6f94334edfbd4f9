import { describe } from 'vitest';
import { admissionTests } from './backend-admission.ts';
import { lifeTests } from './backend-life.ts';
import { listsTests } from './backend-lists.ts';
import { messagesTests } from './backend-messages.ts';
import type { BackendSubject } from './backend-subject.ts';
import { useBackendWorld } from './backend-world.ts';

/**
 * What a client may expect of every backend alike, over the public API of a real gateway with the service beside it. A frontend that knows
 * the contract must not notice which service it talks to.
 */
export function backendSuite(subject: BackendSubject): void {
  describe.each([[`${subject.kind} ${subject.variant ?? ''}`.trim()]])('%s', () => {
    const world = useBackendWorld(subject);
    admissionTests(subject, world);
    messagesTests(subject, world);
    lifeTests(subject, world);
    // Last: it asks what all of them have asked of the service.
    listsTests(subject, world);
  });
}
