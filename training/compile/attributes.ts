import { createRequire } from 'node:module';
import { binding, type TFEOpAttr } from '../tensorflow.js';

/** A message of the protobuf compiler's JavaScript: setters by name. tfjs-node ships no types for them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Message = any;

/** TensorFlow's protobuf messages as tfjs-node ships them. */
export const proto = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu/dist/proto/api_pb') as Record<
  string,
  Message
>;

/** An AttrValue message. */
export type Attribute = object;

const attribute = (set: (value: Message) => void): Attribute => {
  const value = new proto['AttrValue']();
  set(value);
  return value;
};

export function shapeProto(shape: readonly number[]): object {
  const message = new proto['TensorShape']();
  for (const size of shape) {
    const dim = new proto['TensorShape'].Dim();
    dim.setSize(size);
    message.addDim(dim);
  }
  return message;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

export const typeAttribute = (dtype: number): Attribute => attribute((v) => v.setType(dtype));
export const shapeAttribute = (shape: readonly number[]): Attribute => attribute((v) => v.setShape(shapeProto(shape)));
export const textAttribute = (text: string): Attribute => attribute((v) => v.setS(base64(text)));

export function tensorAttribute(dtype: number, shape: readonly number[], values: ArrayBufferView): Attribute {
  const tensor = new proto['Tensor']();
  tensor.setDtype(dtype);
  tensor.setTensorShape(shapeProto(shape));
  tensor.setTensorContent(Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64'));
  return attribute((v) => v.setTensor(tensor));
}

/** What tfjs passes to an eager op, as the message that a graph node needs. */
export function attributeOf({ name, type, value }: TFEOpAttr): Attribute {
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return typeAttribute(value as number);
    case binding.TF_ATTR_SHAPE:
      return shapeAttribute(value as number[]);
    case binding.TF_ATTR_STRING:
      return textAttribute(value as string);
    case binding.TF_ATTR_BOOL:
      return attribute((v) => v.setB(value));
    case binding.TF_ATTR_FLOAT:
      return attribute((v) => v.setF(value));
    case binding.TF_ATTR_INT:
      if (!Array.isArray(value)) return attribute((v) => v.setI(value));
      return attribute((v) => {
        const list = new proto['AttrValue'].ListValue();
        list.setIList(value);
        v.setList(list);
      });
    default:
      throw new Error(`attribute ${name}: kind ${String(type)} cannot be put into a graph`);
  }
}
