export { third as interceptors } from './upgraded-workflow.js';
