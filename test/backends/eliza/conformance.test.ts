import { backendSuite } from '../../conformance/backend-suite.ts';
import { eliza } from './subject.ts';

backendSuite(eliza);
