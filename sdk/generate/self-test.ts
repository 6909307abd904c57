import type { NetworkFile } from '../assets/manifest';
import { FilterError } from '../errors';
import { deviation, type GoldenPair } from './golden';
import { tensorsOf, type OrtSession } from './ort-runtime';
import type { StyleCodes } from './style-codes';

/**
 * Runs the golden pair on a fresh session. It warms the session up as well.
 * @throws FilterError `model-self-test` when the output is farther off than the pair allows.
 */
export async function selfTest(session: OrtSession, golden: GoldenPair, codes: Pick<StyleCodes, 'get'>, dtype: NetworkFile['dtype'], label: string): Promise<void> {
  const constants = golden.isWhole ? {} : (await codes.get(golden.request)).inputs;
  const { styled } = await session.run(tensorsOf({ ...constants, ...golden.inputs }));
  const actual = (await styled?.getData(true)) as Float32Array | undefined;
  if (actual?.length !== golden.styled.data.length) throw failed(label, `its output has ${actual?.length ?? 'no'} numbers instead of ${golden.styled.data.length}`);
  const allowed = dtype === 'float16' ? golden.float16 : { mean: golden.float32Max, max: golden.float32Max };
  const { mean, max, above } = deviation(actual, golden.styled.data, allowed.max);
  if (mean <= allowed.mean && (max <= allowed.max || above <= golden.outliers)) return;
  throw failed(label, `it is off by ${max.toPrecision(3)} at most and ${mean.toPrecision(3)} on average where ${allowed.max} and ${allowed.mean} are allowed`);
}

function failed(label: string, why: string): FilterError {
  return new FilterError('model-self-test', `The self-test of ${label} failed: ${why}. The graphics driver may compute wrongly; update it, or use options.backend 'wasm'.`, { stage: 'load' });
}
