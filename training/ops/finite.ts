import { CHECK } from '../compile/problems.js';
import { backend, type Tensor } from '../tensorflow.js';
import { FLOAT, stringAttr, typeAttr } from './direct.js';

/**
 * `tensor`, checked: where it holds NaN or an infinity the step stops with NonFiniteStep and writes no variable, whether or not the
 * write depends on what this returns. `what` names it in the error: `loss`, `gradient norm`. Not differentiable: check what has
 * its gradient already.
 */
export const finiteOrStop = (tensor: Tensor, what: string): Tensor =>
  backend.executeSingleOutput(
    'CheckNumerics',
    [typeAttr('T', FLOAT), stringAttr('message', `${CHECK}${what}`)],
    [tensor],
  );
