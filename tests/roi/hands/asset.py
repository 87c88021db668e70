"""A hand_landmarker.task made from the two networks that MediaPipe published before it had such bundles.

The landmarker reads from a network's metadata how its input is scaled; these networks have none, so it is added: 0 … 1.
"""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import flatbuffers

#: In the bundle → what is put there.
PARTS = {
    "hand_detector.tflite": "palm_detection_lite.tflite",
    "hand_landmarks_detector.tflite": "hand_landmark_lite.tflite",
}


def make_hand_landmarker(weights: Path, target: Path) -> Path:
    """Write the bundle from the networks in the folder ``weights``."""
    # Uncompressed: the library maps the parts from the file as they lie.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as bundle:
        for name, network in PARTS.items():
            bundle.writestr(name, with_scale((weights / network).read_bytes()))
    return target


def with_scale(network: bytes) -> bytes:
    """The network (a TFLite flatbuffer) with metadata that says: pixels are divided by 255."""
    schema = _schema("schema_py_generated")
    model = schema.ModelT.InitFromPackedBuf(network, 0)
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = list(_metadata())
    entry.name, entry.buffer = "TFLITE_METADATA", len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    return _packed(model, b"TFL3")


def _metadata() -> bytes:
    schema = _schema("metadata_schema_py_generated")
    scale, unit, tensor = schema.NormalizationOptionsT(), schema.ProcessUnitT(), schema.TensorMetadataT()
    graph, model = schema.SubGraphMetadataT(), schema.ModelMetadataT()
    scale.mean, scale.std = [0.0], [255.0]
    unit.optionsType, unit.options = schema.ProcessUnitOptions.NormalizationOptions, scale
    tensor.processUnits = [unit]
    graph.inputTensorMetadata = [tensor]
    model.subgraphMetadata = [graph]
    return _packed(model, b"M001")


def _packed(thing: Any, identifier: bytes) -> bytes:
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(thing.Pack(builder), file_identifier=identifier)
    return bytes(builder.Output())


def _schema(name: str) -> ModuleType:
    """A module of mediapipe/tasks/metadata, which is no package: loaded by its path."""
    found = importlib.util.find_spec("mediapipe")
    assert found is not None
    assert found.origin is not None
    path = Path(found.origin).parent / "tasks/metadata" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
