#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Device library against OpenCV's DNN module in float, one thread each, the
same models in the same run.

  bench/peers.py TIME_DBP MODEL.onnx=1x3x240x320=MODEL.dbp...

Prints milliseconds a frame (fastest of 30, after a warm-up; of CPU time for
OpenCV) and their ratio.
Needs Debian's python3-opencv; used for measuring only.
"""
import subprocess
import sys
import time

import cv2
import numpy

def opencv_ms(path, shape, runs=30):
    net = cv2.dnn.readNetFromONNX(path)
    blob = numpy.random.default_rng(1).random(shape, dtype=numpy.float32)
    names = net.getUnconnectedOutLayersNames()
    best = float("inf")
    for i in range(runs + 1):
        start = time.process_time()
        net.setInput(blob)
        net.forward(names)
        if i:
            best = min(best, (time.process_time() - start) * 1e3)
    return best


def main():
    cv2.setNumThreads(1)
    print("model                               dbrt ms  opencv ms  ratio")
    for pair in sys.argv[2:]:
        path, shape, dbp = pair.split("=")
        ours = float(subprocess.check_output([sys.argv[1], dbp]).split()[0])
        dims = [int(d) for d in shape.split("x")]
        try:
            theirs = opencv_ms(path, dims)
            print("%-34s %8.2f %10.2f %6.2f" % (
                path.split("/")[-1], ours, theirs, theirs / ours))
        except cv2.error as error:
            print("%-34s %8.2f    refused: %s" % (
                path.split("/")[-1], ours, str(error).split("\n")[0][:60]))


main()
