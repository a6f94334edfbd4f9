import { backendSuite } from '../../conformance/backend-suite.ts';
import { local } from './subject.ts';

backendSuite(local);
