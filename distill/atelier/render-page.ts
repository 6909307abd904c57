/** Renders one avatar in many poses, expressions, lights and rooms. Runs in the browser. */
import {
  AmbientLight,
  Color,
  DirectionalLight,
  Euler,
  MeshStandardMaterial,
  PerspectiveCamera,
  Quaternion,
  Scene,
  SkinnedMesh,
  SRGBColorSpace,
  Vector3,
  WebGLRenderer,
  CanvasTexture,
  ACESFilmicToneMapping,
  type Mesh,
  type Object3D,
} from 'three';
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js';
import { MeshoptDecoder } from 'three/addons/libs/meshopt_decoder.module.js';

/** A light: colour 0…1, strength, and where it comes from, seen from the face (x right, y up, z to the camera). */
export interface ShotLight {
  readonly colour: readonly [number, number, number];
  readonly intensity: number;
  readonly from: readonly [number, number, number];
}

/** One picture. Angles in radians (yaw + to the picture's right, pitch + down, roll + clockwise), morph weights 0…1. */
export interface Shot {
  readonly id: string;
  readonly morphs: Readonly<Record<string, number>>;
  readonly yawRad: number;
  readonly pitchRad: number;
  readonly rollRad: number;
  readonly gazeYawRad: number;
  readonly gazePitchRad: number;
  readonly lights: readonly ShotLight[];
  readonly ambient: readonly [number, number, number];
  /** Two CSS colours, above and below. */
  readonly background: readonly [string, string];
  readonly fovDeg: number;
  /** Distance of the eyes and middle between them, shares of the picture's side. */
  readonly eyeDistance: number;
  readonly eyeMiddle: readonly [number, number];
}

/** What was rendered: a data URL, and where points of the head lie, px of the picture. */
export interface Rendered {
  readonly id: string;
  readonly url: string;
  readonly points: Readonly<Record<string, readonly [number, number]>>;
}

interface Bone {
  readonly node: Object3D;
  readonly rest: Quaternion;
  readonly parentRest: Quaternion;
}

const SPINE = { Neck: 0.4, Head: 0.6 } as const;
/** Arms come stretched out; nobody sits at a camera like that. */
const ARM_DROP_RAD = 1.22;
/** A vertex for each named point: the one that moves farthest under this morph of the skin. */
const POINT_MORPHS = { mouthRight: 'RlipCorner', mouthLeft: 'LlipCorner', chin: 'MouthOpen' } as const;

function boneOf(root: Object3D, name: string): Bone {
  const node = root.getObjectByName(name);
  if (!node?.parent) throw new Error(`The avatar has no bone called "${name}".`);
  return { node, rest: node.quaternion.clone(), parentRest: node.parent.getWorldQuaternion(new Quaternion()) };
}

function turn(bone: Bone, world: Quaternion): void {
  bone.node.quaternion.copy(bone.parentRest).invert().multiply(world).multiply(bone.parentRest).multiply(bone.rest);
}

function bareName(name: string): string {
  return name.replace(/^(h_(expressions|teeth)\.)+/, '').replace(/^t_/, '').replace(/_h$/, '');
}

function meshesOf(root: Object3D): Mesh[] {
  const meshes: Mesh[] = [];
  root.traverse((node) => {
    if ((node as Mesh).isMesh) meshes.push(node as Mesh);
  });
  return meshes;
}

function dress(meshes: readonly Mesh[]): void {
  for (const mesh of meshes) {
    mesh.frustumCulled = false;
    if (!(mesh.material instanceof MeshStandardMaterial)) continue;
    mesh.material = mesh.material.clone();
    const material = mesh.material as MeshStandardMaterial;
    material.roughness = /eye/i.test(mesh.name) ? 0.15 : 0.65;
    if (/teeth/i.test(mesh.name)) material.color.setRGB(0.72, 0.62, 0.58);
  }
}

function setMorphs(meshes: readonly Mesh[], weights: Readonly<Record<string, number>>): void {
  for (const mesh of meshes) {
    const influences = mesh.morphTargetInfluences;
    if (!influences) continue;
    for (const [name, index] of Object.entries(mesh.morphTargetDictionary ?? {})) influences[index] = weights[bareName(name)] ?? 0;
  }
}

/** Finds the skin and, on it, the vertex of each named point. */
function findPoints(meshes: readonly Mesh[]): { skin: SkinnedMesh; vertices: Map<string, number> } {
  const count = (mesh: Mesh): number => Object.keys(mesh.morphTargetDictionary ?? {}).length;
  // The teeth have morphs of the same names, but fewer.
  const [skin] = meshes.filter((mesh): mesh is SkinnedMesh => mesh instanceof SkinnedMesh && count(mesh) > 0)
    .sort((a, b) => count(b) - count(a));
  if (!skin) throw new Error('The avatar has no skin with facial morphs.');
  const vertices = new Map<string, number>();
  for (const [point, morph] of Object.entries(POINT_MORPHS)) {
    const entry = Object.entries(skin.morphTargetDictionary ?? {}).find(([name]) => bareName(name) === morph);
    const moves = entry === undefined ? undefined : skin.geometry.morphAttributes.position?.[entry[1]];
    if (!moves) throw new Error(`The avatar's skin has no morph "${morph}".`);
    let best = 0;
    let farthest = -1;
    for (let i = 0; i < moves.count; i += 1) {
      const length = Math.hypot(moves.getX(i), moves.getY(i), moves.getZ(i));
      if (length > farthest) [best, farthest] = [i, length];
    }
    vertices.set(point, best);
  }
  return { skin, vertices };
}

function paintRoom(canvas: HTMLCanvasElement, [above, below]: readonly [string, string]): CanvasTexture {
  const context = canvas.getContext('2d')!;
  const gradient = context.createLinearGradient(0, 0, canvas.width * 0.3, canvas.height);
  gradient.addColorStop(0, above);
  gradient.addColorStop(1, below);
  context.fillStyle = gradient;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = SRGBColorSpace;
  return texture;
}

function light(scene: Scene, shot: Shot, face: Vector3): void {
  for (const { colour, intensity, from } of shot.lights) {
    const lamp = new DirectionalLight(new Color(...colour), intensity);
    lamp.position.copy(face).add(new Vector3(...from));
    lamp.target.position.copy(face);
    scene.add(lamp, lamp.target);
  }
  scene.add(new AmbientLight(new Color(...shot.ambient), 1));
}

/** Puts the eyes' middle at `shot.eyeMiddle` with the wished distance, looking straight ahead. */
function aim(camera: PerspectiveCamera, shot: Shot, middle: Vector3, apart: number): void {
  camera.fov = shot.fovDeg;
  const half = Math.tan((shot.fovDeg * Math.PI) / 360);
  const distance = apart / (2 * half * shot.eyeDistance);
  const side = 2 * half * distance;
  camera.position.set(middle.x + (0.5 - shot.eyeMiddle[0]) * side, middle.y + (shot.eyeMiddle[1] - 0.5) * side, middle.z + distance);
  camera.rotation.set(0, 0, 0);
  camera.near = distance / 10;
  camera.far = distance * 10;
  camera.updateProjectionMatrix();
  camera.updateMatrixWorld(true);
}

/**
 * Renders all shots of one avatar.
 * @param sizePx side of the square pictures
 * @throws Error when the file is no avatar with head bones and facial morphs
 */
export async function renderShots(url: string, shots: readonly Shot[], sizePx: number): Promise<Rendered[]> {
  const avatar = (await new GLTFLoader().setMeshoptDecoder(MeshoptDecoder).loadAsync(url)).scene;
  avatar.updateMatrixWorld(true);
  const meshes = meshesOf(avatar);
  dress(meshes);
  const { skin, vertices } = findPoints(meshes);
  const spine = Object.entries(SPINE).map(([name, share]) => ({ bone: boneOf(avatar, name), share }));
  const eyes = { eyeRight: boneOf(avatar, 'RightEye'), eyeLeft: boneOf(avatar, 'LeftEye') };
  for (const [name, side] of [['LeftArm', -1], ['RightArm', 1]] as const) {
    turn(boneOf(avatar, name), new Quaternion().setFromEuler(new Euler(0, 0, side * ARM_DROP_RAD)));
  }
  const restEyes = Object.values(eyes).map((eye) => eye.node.getWorldPosition(new Vector3()));
  const apart = restEyes[0]!.distanceTo(restEyes[1]!);

  // Twice the size, then scaled down: software GL's own antialiasing is coarse.
  const renderer = new WebGLRenderer({ antialias: true, preserveDrawingBuffer: true });
  renderer.setSize(sizePx * 2, sizePx * 2, false);
  renderer.toneMapping = ACESFilmicToneMapping;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = sizePx;
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  const room = document.createElement('canvas');
  room.width = room.height = 64;
  const camera = new PerspectiveCamera();
  const made: Rendered[] = [];
  try {
    for (const shot of shots) {
      for (const { bone, share } of spine) {
        turn(bone, new Quaternion().setFromEuler(new Euler(shot.pitchRad * share, shot.yawRad * share, -shot.rollRad * share, 'YXZ')));
      }
      for (const eye of Object.values(eyes)) {
        turn(eye, new Quaternion().setFromEuler(new Euler(shot.gazePitchRad, shot.gazeYawRad, 0, 'YXZ')));
      }
      setMorphs(meshes, shot.morphs);
      const scene = new Scene();
      scene.background = paintRoom(room, shot.background);
      scene.add(avatar);
      scene.updateMatrixWorld(true);
      const world = new Map(Object.entries(eyes).map(([name, eye]) => [name, eye.node.getWorldPosition(new Vector3())]));
      for (const [name, index] of vertices) world.set(name, skin.localToWorld(skin.getVertexPosition(index, new Vector3())));
      const middle = world.get('eyeRight')!.clone().add(world.get('eyeLeft')!).multiplyScalar(0.5);
      light(scene, shot, middle);
      aim(camera, shot, middle, apart);
      renderer.render(scene, camera);
      context.drawImage(renderer.domElement, 0, 0, sizePx, sizePx);
      const points = Object.fromEntries([...world].map(([name, place]) => {
        const seen = place.clone().project(camera);
        return [name, [(seen.x + 1) * 0.5 * sizePx - 0.5, (1 - seen.y) * 0.5 * sizePx - 0.5] as const];
      }));
      made.push({ id: shot.id, url: canvas.toDataURL('image/jpeg', 0.93), points });
      (scene.background as CanvasTexture).dispose();
    }
  } finally {
    renderer.dispose();
    renderer.forceContextLoss();
  }
  return made;
}
