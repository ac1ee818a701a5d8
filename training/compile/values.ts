import { backend, binding, type Tensor } from '../tensorflow.js';
import { typeAttribute, type Attribute } from './attributes.js';
import { nodeNameOf, type GraphBuilder, type NodeRef } from './graph.js';
import { Uncompilable } from './problems.js';
import { currentScope } from './scope.js';
import { DTYPE, type TensorType } from './shapes/rule.js';
import { symbolicTensor } from './symbolic.js';

/** Where a traced tensor is in the graph: as its own type, as bfloat16, or both. One of them at least. */
interface Place {
  ref: NodeRef | undefined;
  half: NodeRef | undefined;
  /** Whether it was computed in bfloat16: the other is then only wider. */
  readonly bornHalf: boolean;
}

interface Computed extends Place {
  readonly type: TensorType;
}

export const BFLOAT16: Attribute = typeAttribute(DTYPE.bfloat16);
const FLOAT = typeAttribute(binding.TF_FLOAT);

/** The tensors of one trace and their nodes. Tensors that nothing computes were made in JavaScript: constants. */
export class TracedValues {
  readonly #computed = new Map<object, Computed>();
  readonly #constants = new Map<object, Place>();

  constructor(readonly graph: GraphBuilder) {}

  /** A tensor without values that stands for the node `ref`, which gives bfloat16 if `half`. */
  symbol(ref: NodeRef, type: TensorType, half = false): Tensor {
    const tensor = symbolicTensor(type);
    const place = half ? { ref: undefined, half: ref } : { ref, half: undefined };
    this.#computed.set(tensor.dataId, { ...place, type, bornHalf: half });
    return tensor;
  }

  /** The node that computes a tensor; undefined for one made in JavaScript. */
  nodeOf(dataId: object): NodeRef | undefined {
    const computed = this.#computed.get(dataId);
    return computed && (computed.ref ?? computed.half);
  }

  isBornHalf = ({ dataId }: Tensor): boolean => this.#computed.get(dataId)?.bornHalf === true;

  typeOf(tensor: Tensor): TensorType {
    const dtype = this.#computed.get(tensor.dataId)?.type.dtype ?? backend.getDTypeInteger(tensor.dtype);
    return { shape: tensor.shape, dtype };
  }

  refOf(tensor: Tensor): NodeRef {
    const place = this.#placeOf(tensor);
    return (place.ref ??= this.#cast(place.half!, BFLOAT16, FLOAT));
  }

  /** The node that gives a float32 tensor as bfloat16. */
  halfOf(tensor: Tensor): NodeRef {
    const place = this.#placeOf(tensor);
    return (place.half ??= this.#cast(place.ref!, FLOAT, BFLOAT16));
  }

  /** `tensor` for as long as it waits for `before`: an Identity, which keeps TensorFlow from taking two computations for one. */
  after(tensor: Tensor, before: Tensor): Tensor {
    const place = this.#placeOf(tensor);
    const type = this.typeOf(tensor);
    const { dataId } = before;
    const awaited = this.nodeOf(dataId);
    const input = [(place.bornHalf ? place.half : place.ref)!, ...(awaited ? [`^${nodeNameOf(awaited)}`] : [])];
    const T = place.bornHalf ? BFLOAT16 : typeAttribute(type.dtype);
    return this.symbol(this.graph.add('Identity', input, { T }), type, place.bornHalf);
  }

  #cast(ref: NodeRef, SrcT: Attribute, DstT: Attribute): NodeRef {
    return this.graph.add('Cast', [ref], { SrcT, DstT });
  }

  #placeOf(tensor: Tensor): Place {
    const known = this.#computed.get(tensor.dataId) ?? this.#constants.get(tensor.dataId);
    if (known) return known;
    if (tensor.dtype === 'string') throw new Uncompilable('Const', currentScope(), 'of strings cannot be compiled');
    const dtype = backend.getDTypeInteger(tensor.dtype);
    const ref = this.graph.constant(dtype, tensor.shape, backend.readSync(tensor.dataId));
    const place = { ref, half: undefined, bornHalf: false };
    this.#constants.set(tensor.dataId, place);
    return place;
  }
}
