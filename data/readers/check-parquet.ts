/** What a Parquet file says of itself is compared with what is there before it is decoded: the decoder believes it, and would loop or fill the memory. */
import { parquetSchema, type ColumnMetaData, type FileMetaData } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getTreePath, isFlatColumn } from 'hyparquet/src/schema.js';
import { checkPage, type PageColumn, type PageHeader } from './check-parquet-page.js';
import type { GroupBytes } from './parquet-group.js';

const MAX_PAGE_BYTES = 256 * 2 ** 20;
const MAX_VALUES = 2 ** 26;

type RowGroup = FileMetaData['row_groups'][number];
type SchemaTree = ReturnType<typeof parquetSchema>;

/** Each column of each row group is one of the schema's, and each of those is there once. @throws RangeError */
export function checkColumns(metadata: FileMetaData): void {
  const leaves = new Set(leavesOf(parquetSchema(metadata)).map((path) => JSON.stringify(path)));
  for (const { columns } of metadata.row_groups) {
    const found = columns.map(({ meta_data }) => JSON.stringify(meta_data?.path_in_schema));
    if (
      columns.length !== leaves.size ||
      new Set(found).size !== leaves.size ||
      found.some((path) => !leaves.has(path))
    )
      throw new RangeError('a row group whose columns are not those of its schema');
  }
}

const leavesOf = ({ children, path }: SchemaTree): (readonly string[])[] =>
  children.length === 0 ? [path] : children.flatMap(leavesOf);

/** No page of a row group claims more than its column has, or than it holds itself. @throws Error that says what it claims */
export function checkPages(bytes: GroupBytes, { columns, num_rows }: RowGroup, metadata: FileMetaData): void {
  const tree = parquetSchema(metadata);
  for (const { meta_data } of columns) {
    const { column, flat } = columnOf(tree, meta_data!);
    const values = Number(meta_data!.num_values);
    if (!(values >= 0 && values <= MAX_VALUES)) throw new RangeError(`a column of ${values} values in one row group`);
    if (flat && values !== Number(num_rows)) throw new RangeError(`a column of ${values} values in ${num_rows} rows`);
    const stored = bytes.of(meta_data!);
    const reader = { view: new DataView(stored.buffer, stored.byteOffset, stored.byteLength), offset: 0 };
    let seen = 0;
    while (reader.offset < stored.byteLength - 1) {
      const header = parquetHeader(reader);
      const data = header.data_page_header ?? header.data_page_header_v2;
      const claimed = (data ?? header.dictionary_page_header)?.num_values ?? 0;
      if (!(claimed >= 0 && claimed <= MAX_VALUES)) throw new RangeError(`a page of ${claimed} values`);
      if (data) seen += claimed;
      if (seen > values) throw new RangeError(`pages of more than the ${values} values of their column`);
      if (!(header.compressed_page_size >= 0 && header.compressed_page_size <= stored.byteLength - reader.offset))
        throw new RangeError(`a page of ${header.compressed_page_size} bytes that are not there`);
      if (!(header.uncompressed_page_size >= 0 && header.uncompressed_page_size <= MAX_PAGE_BYTES))
        throw new RangeError(`a page of ${header.uncompressed_page_size} bytes`);
      checkLevels(header);
      checkPage(stored.subarray(reader.offset, reader.offset + header.compressed_page_size), header, column);
      reader.offset += header.compressed_page_size;
    }
  }
}

/** `flat`: one value, or none, in each row. */
function columnOf(tree: SchemaTree, { path_in_schema, type, codec }: ColumnMetaData) {
  const path = getTreePath(tree, path_in_schema);
  const column: PageColumn = {
    type,
    codec,
    typeLength: path.at(-1)!.element.type_length,
    maxDefinition: getMaxDefinitionLevel(path),
    maxRepetition: getMaxRepetitionLevel(path),
  };
  return { column, flat: isFlatColumn(path) };
}

/** A length that is missing in the header makes every later position NaN, and reading at NaN gives the first byte for ever. */
function checkLevels({ data_page_header_v2: page, compressed_page_size }: PageHeader): void {
  if (!page) return;
  const { num_nulls, num_values, repetition_levels_byte_length, definition_levels_byte_length } = page;
  const levels = repetition_levels_byte_length + definition_levels_byte_length;
  if (!(repetition_levels_byte_length >= 0 && definition_levels_byte_length >= 0 && levels <= compressed_page_size))
    throw new RangeError(`a page of ${compressed_page_size} bytes with ${levels} bytes of levels`);
  if (!(num_nulls >= 0 && num_nulls <= num_values))
    throw new RangeError(`a page of ${num_values} values with ${num_nulls} nulls`);
}
