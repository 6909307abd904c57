import { FilterError } from '../errors';
import { decodeNumbers } from './decode-numbers';
import { fetchBytes } from './fetch-asset';
import type { Exemplar } from './style-pack';

/** Values in one row of an extrinsic style code. */
export const CODE_ROW_LENGTH = 512;

/**
 * Fetches the extrinsic style code of a look, row-major `[L, 512]`.
 * @throws FilterError `asset-missing`, `asset-corrupt`.
 */
export async function readCode({ id, codeUrl, codeEncoding }: Pick<Exemplar, 'id' | 'codeUrl' | 'codeEncoding'>): Promise<Float32Array> {
  const bytes = await fetchBytes(new URL(codeUrl));
  const values = await decodeNumbers(bytes, codeEncoding).catch((cause: unknown) => {
    throw corrupt(id, codeUrl, 'cannot be unpacked', cause);
  });
  if (values.length > 0 && values.length % CODE_ROW_LENGTH === 0) return values;
  throw corrupt(id, codeUrl, `must hold rows of ${CODE_ROW_LENGTH} values, but holds ${values.length} values`);
}

function corrupt(id: string, codeUrl: string, what: string, cause?: unknown): FilterError {
  return new FilterError('asset-corrupt', `The code of look '${id}' at ${codeUrl} ${what}. Restore the file from the package.`, { stage: 'load', fatal: true, cause });
}
