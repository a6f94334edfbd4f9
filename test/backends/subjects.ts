import type { BackendSubject } from '../conformance/backend-subject.ts';
import { eliza } from './eliza/subject.ts';
import { julepV03, julepV1 } from './julep/subject.ts';
import { machani } from './machani/subject.ts';
import { quicksync } from './quicksync/subject.ts';
import { sipher } from './sipher/subject.ts';

/** Every backend with a service. */
export const subjects: readonly BackendSubject[] = [quicksync, sipher, machani, eliza, julepV03, julepV1];
