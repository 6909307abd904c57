/** A rendered person in front of a camera: loads one avatar, lights it and moves it. Runs in the browser. */
import {
  ACESFilmicToneMapping,
  CanvasTexture,
  Color,
  DirectionalLight,
  Euler,
  MeshStandardMaterial,
  PCFSoftShadowMap,
  PerspectiveCamera,
  PMREMGenerator,
  Quaternion,
  Scene,
  SRGBColorSpace,
  Vector3,
  WebGLRenderer,
  type Mesh,
  type Object3D,
} from 'three';
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js';
import { MeshoptDecoder } from 'three/addons/libs/meshopt_decoder.module.js';
import { RoomEnvironment } from 'three/addons/environments/RoomEnvironment.js';
import { drawBackdrop } from './backdrop';
import type { Pose } from './performance';

/** Where the avatar is and how it is rendered. */
export interface AvatarSceneOptions {
  readonly url: string;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A rendered person; `render` draws one pose onto `canvas`. */
export interface AvatarScene {
  readonly canvas: HTMLCanvasElement;
  render(pose: Pose): void;
}

/** Share of a turn that each bone of the spine takes, so that the neck bends instead of breaking. */
const TURN_SHARES = { Spine2: 0.12, Neck: 0.38, Head: 0.5 } as const;
/** The avatars come with arms stretched out; a person at a camera lets them hang. */
const ARM_DROP_RAD = 1.22;

interface Bone {
  readonly node: Object3D;
  readonly rest: Quaternion;
  readonly parentWorld: Quaternion;
}

function boneOf(root: Object3D, name: string): Bone {
  const node = root.getObjectByName(name);
  if (!node?.parent) throw new Error(`The avatar has no bone called "${name}".`);
  return { node, rest: node.quaternion.clone(), parentWorld: node.parent.getWorldQuaternion(new Quaternion()) };
}

/** Turns a bone from its rest position by a rotation given in world axes. */
function turn(bone: Bone, world: Quaternion): void {
  const back = bone.parentWorld.clone().invert();
  bone.node.quaternion.copy(back.multiply(world).multiply(bone.parentWorld).multiply(bone.rest));
}

function dressMaterials(root: Object3D): void {
  root.traverse((node) => {
    const mesh = node as Mesh;
    if (!mesh.isMesh || !(mesh.material instanceof MeshStandardMaterial)) return;
    mesh.frustumCulled = false;
    mesh.castShadow = !/eye|gland/i.test(mesh.name);
    mesh.receiveShadow = true;
    const material = mesh.material.clone();
    mesh.material = material;
    if (/_eye$/i.test(mesh.name)) {
      material.color.setScalar(0.8);
      material.roughness = 0.12;
    } else if (/teeth/i.test(mesh.name)) {
      material.color.setRGB(0.8, 0.68, 0.64);
      material.roughness = 0.7;
      // The room's light does not reach into a mouth.
      material.envMapIntensity = 0.25;
    } else {
      material.roughness = /wig/i.test(mesh.name) ? 0.72 : 0.58;
    }
  });
}

function addLights(scene: Scene, face: Vector3): void {
  const key = new DirectionalLight(new Color(1, 0.93, 0.84), 2.3);
  key.position.copy(face).add(new Vector3(-0.9, 0.75, 1.3));
  key.target.position.copy(face);
  key.castShadow = true;
  key.shadow.mapSize.set(2048, 2048);
  key.shadow.radius = 7;
  key.shadow.bias = -0.0004;
  key.shadow.normalBias = 0.004;
  Object.assign(key.shadow.camera, { left: -0.45, right: 0.45, top: 0.4, bottom: -0.6, near: 0.3, far: 4 });
  const fill = new DirectionalLight(new Color(0.72, 0.84, 1), 0.55);
  fill.position.copy(face).add(new Vector3(1.4, 0.2, 0.9));
  fill.target.position.copy(face);
  const rim = new DirectionalLight(new Color(1, 0.9, 0.78), 0.7);
  rim.position.copy(face).add(new Vector3(0.9, 0.8, -1.2));
  rim.target.position.copy(face);
  for (const light of [key, fill, rim]) scene.add(light, light.target);
}

function morphSetter(root: Object3D): (weights: ReadonlyMap<string, number>) => void {
  const slots = new Map<string, { influences: number[]; index: number }[]>();
  root.traverse((node) => {
    const mesh = node as Mesh;
    const influences = mesh.morphTargetInfluences;
    if (!mesh.morphTargetDictionary || !influences) return;
    for (const [name, index] of Object.entries(mesh.morphTargetDictionary)) {
      // "h_expressions.RsmileOpen_h" and "h_teeth.t_MouthOpen_h" both answer to their bare name.
      const bare = name.replace(/^h_(expressions|teeth)\./, '').replace(/^t_/, '').replace(/_h$/, '');
      slots.set(bare, [...(slots.get(bare) ?? []), { influences, index }]);
    }
  });
  return (weights) => {
    for (const [name, targets] of slots) {
      for (const { influences, index } of targets) influences[index] = weights.get(name) ?? 0;
    }
  };
}

/**
 * Loads an avatar (glTF with meshopt and WebP) and frames its head and shoulders.
 * @throws Error when the file cannot be read or has no head bones
 */
export async function createAvatarScene({ url, widthPx, heightPx }: AvatarSceneOptions): Promise<AvatarScene> {
  const canvas = document.createElement('canvas');
  canvas.width = widthPx;
  canvas.height = heightPx;
  // Twice the size, then scaled down: software GL has no cheap antialiasing that also smooths texture detail.
  const renderer = new WebGLRenderer({ antialias: true, preserveDrawingBuffer: true });
  renderer.setSize(widthPx * 2, heightPx * 2, false);
  renderer.toneMapping = ACESFilmicToneMapping;
  renderer.toneMappingExposure = 0.92;
  renderer.shadowMap.enabled = true;
  renderer.shadowMap.type = PCFSoftShadowMap;

  const avatar = (await new GLTFLoader().setMeshoptDecoder(MeshoptDecoder).loadAsync(url)).scene;
  avatar.updateMatrixWorld(true);
  dressMaterials(avatar);

  const scene = new Scene();
  scene.environment = new PMREMGenerator(renderer).fromScene(new RoomEnvironment(), 0.05).texture;
  scene.environmentIntensity = 0.42;
  const backdrop = new CanvasTexture(drawBackdrop(widthPx * 2, heightPx * 2));
  backdrop.colorSpace = SRGBColorSpace;
  scene.background = backdrop;
  scene.backgroundIntensity = 0.95;
  scene.add(avatar);

  const eyes = ['LeftEye', 'RightEye'].map((name) => boneOf(avatar, name));
  const face = new Vector3();
  for (const eye of eyes) face.addScaledVector(eye.node.getWorldPosition(new Vector3()), 0.5);
  addLights(scene, face);

  const spine = Object.entries(TURN_SHARES).map(([name, share]) => ({ bone: boneOf(avatar, name), share }));
  for (const [name, side] of [['LeftArm', -1], ['RightArm', 1]] as const) {
    turn(boneOf(avatar, name), new Quaternion().setFromEuler(new Euler(0, 0, side * ARM_DROP_RAD)));
  }
  const setMorphs = morphSetter(avatar);
  const camera = new PerspectiveCamera(26, widthPx / heightPx, 0.05, 20);
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'high';

  return {
    canvas,
    render(pose) {
      for (const { bone, share } of spine) {
        turn(bone, new Quaternion().setFromEuler(
          new Euler(pose.pitchRad * share, pose.yawRad * share, pose.rollRad * share, 'YXZ'),
        ));
      }
      // The eyes hang below the head and so turn with it; gaze is what they add in world axes.
      for (const eye of eyes) {
        turn(eye, new Quaternion().setFromEuler(new Euler(pose.gazePitchRad, pose.gazeYawRad, 0, 'YXZ')));
      }
      setMorphs(pose.morphs);
      avatar.position.set(pose.offsetM[0], pose.offsetM[1], pose.offsetM[2]);
      camera.position.set(face.x, face.y - 0.015, face.z + 0.8);
      camera.lookAt(face.x, face.y - 0.03, face.z);
      renderer.render(scene, camera);
      context.drawImage(renderer.domElement, 0, 0, widthPx, heightPx);
    },
  };
}
