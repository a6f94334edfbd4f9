import { backendSuite } from '../../conformance/backend-suite.ts';
import { julepV03, julepV1 } from './subject.ts';

backendSuite(julepV03);
backendSuite(julepV1);
