import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackendConfig } from '../src/config/config.ts';
import { createGateway } from '../src/gateway.ts';
import { createElizaEmulator } from '../test/emulators/eliza/emulator.ts';
import { createJulepEmulator } from '../test/emulators/julep/emulator.ts';
import { createMachaniEmulator } from '../test/emulators/machani/emulator.ts';
import { createQuicksyncEmulator } from '../test/emulators/quicksync/emulator.ts';
import { createSipherEmulator } from '../test/emulators/sipher/emulator.ts';

/** A gateway over all five services, which are emulated beside it: nothing else is needed to try it. Honours `PORT`. */
