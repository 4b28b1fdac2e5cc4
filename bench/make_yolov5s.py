#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes an ONNX model of the shape of YOLOv5s (v6, 80 classes), with random
weights: for times, sizes and memory, not for accuracy.

    bench/make_yolov5s.py OUT.onnx [SIDE]      SIDE of the input, 640

It has 7.2 million parameters, SiLU as Sigmoid and Mul, and three raw maps of 255
channels as outputs. Needs nothing but Python.
"""
import math
import random
import struct
import sys


# ---- Protocol buffers, as far as a model needs them ----

def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def integer(field, value):
    return varint(field << 3) + varint(value)


def blob(field, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def ints(name, values):
    return blob(1, name) + b"".join(integer(8, v) for v in values) + \
        integer(20, 7)


def one_int(name, value):
    return blob(1, name) + integer(3, value) + integer(20, 2)


def text(name, value):
    return blob(1, name) + blob(4, value) + integer(20, 3)


def value_info(name, dims):
    shape = b"".join(blob(1, integer(1, d)) for d in dims)
    return blob(1, name) + blob(2, blob(1, integer(1, 1) + blob(2, shape)))


class Model:
    def __init__(self):
        self.nodes, self.constants, self.params = [], [], 0
        self.random = random.Random(5)

    def constant(self, dims, values):
        name = f"w{len(self.constants)}"
        data = struct.pack(f"<{len(values)}f", *values)
        self.constants.append(b"".join(integer(1, d) for d in dims) +
                              integer(2, 1) + blob(8, name) + blob(9, data))
        self.params += len(values)
        return name

    def node(self, op, inputs, *attributes):
        name = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(b"".join(blob(1, i) for i in inputs) +
                          blob(2, name) + blob(3, name) + blob(4, op) +
                          b"".join(blob(5, a) for a in attributes))
        return name

    def plain_conv(self, x, inputs, outputs, k, stride, pad):
        gauss, size = self.random.gauss, math.sqrt(2 / (inputs * k * k))
        w = self.constant((outputs, inputs, k, k),
                          [gauss(0, size)
                           for _ in range(outputs * inputs * k * k)])
        b = self.constant((outputs,), [gauss(0, 0.1) for _ in range(outputs)])
        return self.node("Conv", (x, w, b), ints("kernel_shape", (k, k)),
                         ints("strides", (stride, stride)),
                         ints("pads", (pad,) * 4))

    def conv(self, x, inputs, outputs, k=1, stride=1):
        pad = 2 if k == 6 else k // 2
        y = self.plain_conv(x, inputs, outputs, k, stride, pad)
        return self.node("Mul", (y, self.node("Sigmoid", (y,))))

    def concat(self, *inputs):
        return self.node("Concat", inputs, one_int("axis", 1))

    def c3(self, x, inputs, outputs, repeats, shortcut):
        half = outputs // 2
        a = self.conv(x, inputs, half)
        for _ in range(repeats):
            b = self.conv(self.conv(a, half, half), half, half, 3)
            a = self.node("Add", (a, b)) if shortcut else b
        return self.conv(self.concat(a, self.conv(x, inputs, half)), outputs,
                         outputs)

    def pool(self, x):
        return self.node("MaxPool", (x,), ints("kernel_shape", (5, 5)),
                         ints("pads", (2,) * 4), ints("strides", (1, 1)))

    def double(self, x, scales):
        return self.node("Resize", (x, "", scales), text("mode", "nearest"),
                         text("coordinate_transformation_mode", "asymmetric"),
                         text("nearest_mode", "floor"))


def build(side):
    m = Model()
    scales = m.constant((4,), (1, 1, 2, 2))
    x = m.conv("images", 3, 32, 6, 2)
    x = m.c3(m.conv(x, 32, 64, 3, 2), 64, 64, 1, True)
    p3 = m.c3(m.conv(x, 64, 128, 3, 2), 128, 128, 2, True)
    p4 = m.c3(m.conv(p3, 128, 256, 3, 2), 256, 256, 3, True)
    x = m.c3(m.conv(p4, 256, 512, 3, 2), 512, 512, 1, True)
    x = m.conv(x, 512, 256)
    a = m.pool(x)
    b = m.pool(a)
    x = m.conv(m.concat(x, a, b, m.pool(b)), 1024, 512)
    n5 = m.conv(x, 512, 256)
    x = m.c3(m.concat(m.double(n5, scales), p4), 512, 256, 1, False)
    n4 = m.conv(x, 256, 128)
    p3 = m.c3(m.concat(m.double(n4, scales), p3), 256, 128, 1, False)
    x = m.concat(m.conv(p3, 128, 128, 3, 2), n4)
    p4 = m.c3(x, 256, 256, 1, False)
    x = m.concat(m.conv(p4, 256, 256, 3, 2), n5)
    p5 = m.c3(x, 512, 512, 1, False)
    outputs = [(m.plain_conv(p, c, 255, 1, 1, 0), side // stride)
               for p, c, stride in ((p3, 128, 8), (p4, 256, 16), (p5, 512, 32))]
    graph = b"".join(blob(1, n) for n in m.nodes) + blob(2, "yolov5s_shape") + \
        b"".join(blob(5, c) for c in m.constants) + \
        blob(11, value_info("images", (1, 3, side, side))) + \
        b"".join(blob(12, value_info(n, (1, 255, s, s))) for n, s in outputs)
    return integer(1, 8) + blob(7, graph) + blob(8, integer(2, 13)), m.params


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    side = int(sys.argv[2]) if len(sys.argv) == 3 else 640
    if side % 32 or side < 32:
        sys.exit("SIDE must be a multiple of 32")
    data, params = build(side)
    with open(sys.argv[1], "wb") as out:
        out.write(data)
    print(f"{sys.argv[1]}: {params / 1e6:.2f} million parameters, "
          f"{len(data)} bytes")


if __name__ == "__main__":
    main()
