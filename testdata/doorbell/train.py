#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the doorbell's detector and writes doorbell.onnx. Needed only to
make that file anew: Debian's python3-torch, python3-onnx, python3-opencv, two CPU cores and
an hour.

    make build/release/doorbell_scenes
    for i in 0 1 2 3; do build/release/doorbell_scenes /tmp/train$i 100$i 5000; done
    build/release/doorbell_scenes /tmp/check 2000 500
    testdata/doorbell/train.py --check /tmp/check -o doorbell.onnx /tmp/train?

A residual network with a feature pyramid and YOLOX's head: three strides,
one anchor a cell, x y w h, objectness and classes. Positives are the cells
whose score and overlap agree best with a box (task-aligned assignment).
"""
import argparse
import json
import math
import os
import time

import cv2
import numpy as np
import onnx
import torch
from torch import nn
from torch.nn import functional as F

WIDTH, HEIGHT, CLASSES = 256, 192, 3
STRIDES = (8, 16, 32)
MAX_BOXES = 8


class Conv(nn.Sequential):
    def __init__(self, inputs, outputs, size=3, stride=1, act=True):
        layers = [nn.Conv2d(inputs, outputs, size, stride, size // 2,
                            bias=False),
                  nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03)]
        super().__init__(*layers, *([nn.ReLU(inplace=True)] if act else []))


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = Conv(channels, channels)
        self.second = Conv(channels, channels, act=False)

    def forward(self, x):
        return F.relu(x + self.second(self.first(x)))


class Detector(nn.Module):
    """[B, 3, 192, 256] of 0..1 to [B, 1008, 8]: x y w h as YOLOX has them,
    objectness, classes (after the sigmoid when exporting)."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(Conv(3, 16, 3, 2), Conv(16, 24, 3, 2))
        self.stage3 = nn.Sequential(Conv(24, 40, 3, 2), Residual(40))
        self.stage4 = nn.Sequential(Conv(40, 48, 3, 2), Residual(48))
        self.stage5 = nn.Sequential(Conv(48, 64, 3, 2), Residual(64))
        self.lateral = nn.ModuleList(Conv(c, 40, 1) for c in (40, 48, 64))
        self.smooth = nn.ModuleList(Conv(40, 40) for _ in range(2))
        self.tower = nn.ModuleList(Conv(40, 40) for _ in STRIDES)
        self.box = nn.ModuleList(nn.Conv2d(40, 4, 1) for _ in STRIDES)
        self.object = nn.ModuleList(nn.Conv2d(40, 1, 1) for _ in STRIDES)
        self.score = nn.ModuleList(nn.Conv2d(40, CLASSES, 1) for _ in STRIDES)
        self.exporting = False
        for conv in (*self.object, *self.score):
            nn.init.constant_(conv.bias, -math.log(99))

    def forward(self, x):
        c3 = self.stage3(self.stem(x))
        c4 = self.stage4(c3)
        c5 = self.stage5(c4)
        p5 = self.lateral[2](c5)
        p4 = self.lateral[1](c4) + F.interpolate(p5, scale_factor=2.0)
        p4 = self.smooth[1](p4)
        p3 = self.lateral[0](c3) + F.interpolate(p4, scale_factor=2.0)
        p3 = self.smooth[0](p3)
        out = []
        for i, p in enumerate((p3, p4, p5)):
            p = self.tower[i](p)
            box, thing, score = self.box[i](p), self.object[i](p), self.score[i](p)
            if self.exporting:
                thing, score = thing.sigmoid(), score.sigmoid()
            out.append(torch.cat([box, thing, score], 1).flatten(2))
        return torch.cat(out, 2).permute(0, 2, 1)


def grid():
    """Cells' corners and strides, [1008, 2] and [1008, 1]."""
    cells, strides = [], []
    for s in STRIDES:
        y, x = torch.meshgrid(torch.arange(HEIGHT // s),
                              torch.arange(WIDTH // s), indexing='ij')
        cells.append(torch.stack([x, y], 2).reshape(-1, 2).float())
        strides.append(torch.full((cells[-1].shape[0], 1), float(s)))
    return torch.cat(cells), torch.cat(strides)


def decode(raw, cells, strides):
    center = (raw[..., :2] + cells) * strides
    half = raw[..., 2:4].clamp(max=6).exp() * strides / 2
    return torch.cat([center - half, center + half], -1)


def overlap(a, b, generalized=False):
    low, high = torch.max(a[..., :2], b[..., :2]), torch.min(a[..., 2:],
                                                             b[..., 2:])
    both = (high - low).clamp(min=0).prod(-1)
    union = ((a[..., 2:] - a[..., :2]).prod(-1) +
             (b[..., 2:] - b[..., :2]).prod(-1) - both).clamp(min=1e-6)
    iou = both / union
    if not generalized:
        return iou
    hull = (torch.max(a[..., 2:], b[..., 2:]) -
            torch.min(a[..., :2], b[..., :2])).prod(-1).clamp(min=1e-6)
    return iou - (hull - union) / hull


@torch.no_grad()
def assign(boxes, scores, truth, kinds, points, strides, best=8):
    """For each cell the index of its box or -1, and how well it fits."""
    batch, count = truth.shape[:2]
    real = kinds >= 0
    iou = overlap(boxes[:, None], truth[:, :, None])          # B, T, N
    own = scores.gather(2, kinds.clamp(min=0)[:, None].expand(
        -1, scores.shape[1], -1)).transpose(1, 2)             # B, T, N
    center = (truth[..., :2] + truth[..., 2:]) / 2
    near = (points - center[:, :, None]).abs().amax(-1) < 2.5 * strides[:, 0]
    within = ((points > truth[:, :, None, :2]) &
              (points < truth[:, :, None, 2:])).all(-1)
    # A box too small for any cell's centre takes the cells around it.
    none = ~(near & within).any(-1, keepdim=True)
    allowed = (near & (within | none)) & real[..., None]
    metric = (own.sqrt() * iou ** 3 + 1e-9) * allowed
    top = metric.topk(best, -1)
    chosen = torch.zeros_like(metric).scatter_(-1, top.indices, 1.0)
    chosen = chosen * (metric > 0)
    rank = (chosen * (iou + 1e-3)).max(1)
    index = torch.where(rank.values > 0, rank.indices,
                        torch.full_like(rank.indices, -1))
    # The best cell of a box is wanted at the overlap that it has reached.
    fit = metric / metric.amax(-1, keepdim=True).clamp(min=1e-9)
    fit = fit * (iou * chosen).amax(-1, keepdim=True)
    fit = fit.gather(1, index.clamp(min=0)[:, None])[:, 0]
    return index, fit


def loss_of(raw, truth, kinds, cells, strides):
    boxes = decode(raw, cells, strides)
    points = (cells + 0.5) * strides
    scores = raw[..., 5:].sigmoid() * raw[..., 4:5].sigmoid()
    index, fit = assign(boxes, scores, truth, kinds, points, strides)
    hit = index >= 0
    batch = torch.arange(raw.shape[0])[:, None].expand_as(index)[hit]
    wanted, kind = truth[batch, index[hit]], kinds[batch, index[hit]]
    fit = torch.where(hit, fit.clamp(0, 1), torch.zeros_like(fit))
    weight = fit[hit]
    total = weight.sum().clamp(min=1)
    # Focal in the objectness, after its target (quality focal loss).
    gap = (raw[..., 4].sigmoid() - fit).abs().detach() ** 1.5
    objectness = (F.binary_cross_entropy_with_logits(
        raw[..., 4], fit, reduction='none') * gap).sum() / total
    classes = (F.binary_cross_entropy_with_logits(
        raw[..., 5:][hit], F.one_hot(kind, CLASSES).float(),
        reduction='none').sum(-1) * weight).sum() / total
    place = ((1 - overlap(boxes[hit], wanted, True)) * weight).sum() / total
    return objectness + 0.5 * classes + 2.5 * place


def load(folder):
    with open(os.path.join(folder, 'labels.json')) as f:
        labels = json.load(f)
    count = len(labels['images'])
    pictures = np.empty((count, 3, HEIGHT, WIDTH), np.uint8)
    truth = np.zeros((count, MAX_BOXES, 4), np.float32)
    kinds = np.full((count, MAX_BOXES), -1, np.int64)
    used = np.zeros(count, np.int64)
    for i, image in enumerate(labels['images']):
        photo = cv2.imread(os.path.join(folder, 'images',
                                        image['file_name']))
        photo = cv2.resize(photo, (WIDTH, HEIGHT))[:, :, ::-1]
        pictures[i] = photo.transpose(2, 0, 1)
    scale = np.array([WIDTH / image['width'], HEIGHT / image['height']] * 2)
    for a in labels['annotations']:
        i = a['image_id'] - 1
        x, y, w, h = a['bbox']
        truth[i, used[i]] = np.array([x, y, x + w, y + h]) * scale
        kinds[i, used[i]] = a['category_id'] - 1
        used[i] += 1
    return pictures, truth, kinds


def batches(data, size, rng):
    pictures, truth, kinds = data
    order = rng.permutation(len(pictures))
    for i in range(0, len(order) - size + 1, size):
        pick = order[i:i + size]
        x = torch.from_numpy(pictures[pick]).float() / 255
        t, k = torch.from_numpy(truth[pick]), torch.from_numpy(kinds[pick])
        if rng.random() < 0.5:
            x = x.flip(3)
            t = torch.stack([WIDTH - t[..., 2], t[..., 1],
                             WIDTH - t[..., 0], t[..., 3]], -1)
        light = torch.from_numpy(rng.uniform(0.8, 1.25, (size, 1, 1, 1)))
        x = (x * light.float()).clamp(0, 1)
        yield x.contiguous(memory_format=torch.channels_last), t, k


@torch.no_grad()
def detections(model, pictures, cells, strides):
    """Each picture's (score, class, box), best first, one a box."""
    for i in range(0, len(pictures), 32):
        raw = model(torch.from_numpy(pictures[i:i + 32]).float() / 255)
        boxes = decode(raw, cells, strides)
        scores = raw[..., 5:].sigmoid() * raw[..., 4:5].sigmoid()
        for b, s in zip(boxes, scores):
            found = []
            for n, c in (s > 0.02).nonzero()[s[s > 0.02].argsort(
                    descending=True)].tolist():
                if all(k != c or overlap(b[n], q) <= 0.5
                       for _, k, q in found):
                    found.append((float(s[n, c]), c, b[n]))
            yield found


def average_precision(found, data, kind):
    """At an overlap of 0.5, over 101 recalls."""
    hits, total = [], 0
    for dets, truth, kinds in zip(found, data[1], data[2]):
        free = [torch.from_numpy(t) for t, k in zip(truth, kinds) if k == kind]
        total += len(free)
        for score, k, box in dets:
            if k != kind:
                continue
            ious = [float(overlap(box, t)) for t in free]
            best = int(np.argmax(ious)) if ious else -1
            good = best >= 0 and ious[best] >= 0.5
            if good:
                free.pop(best)
            hits.append((score, good))
    hits.sort(key=lambda h: -h[0])
    right = np.cumsum([h[1] for h in hits])
    precision = right / (1 + np.arange(len(hits)))
    recall = right / max(total, 1)
    return np.mean([precision[recall >= r].max(initial=0)
                    for r in np.linspace(0, 1, 101)])


def report(model, data, cells, strides):
    model.eval()
    found = list(detections(model, data[0], cells, strides))
    print('AP50', ' '.join('%.4f' % average_precision(found, data, k)
                           for k in range(CLASSES)), flush=True)
    model.train()


def train(model, data, check, options):
    cells, strides = grid()
    rng = np.random.default_rng(options.seed)
    steps = options.epochs * (len(data[0]) // options.batch)
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW([{'params': decayed, 'weight_decay': 0.02},
                                   {'params': plain, 'weight_decay': 0}])
    average = Detector()
    average.load_state_dict(model.state_dict())
    step, start = 0, time.time()
    for epoch in range(options.epochs):
        shown = []
        for x, truth, kinds in batches(data, options.batch, rng):
            warm = min(1, (step + 1) / options.warm)
            rate = options.rate * warm * (
                0.02 + 0.49 * (1 + math.cos(math.pi * step / steps)))
            for group in optimizer.param_groups:
                group['lr'] = rate
            loss = loss_of(model(x), truth, kinds, cells, strides)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 10)
            optimizer.step()
            step += 1
            keep = min(0.998, step / (step + 100))
            with torch.no_grad():
                for a, b in zip(average.state_dict().values(),
                                model.state_dict().values()):
                    if a.is_floating_point():
                        a.mul_(keep).add_(b, alpha=1 - keep)
                    else:
                        a.copy_(b)
            shown.append(float(loss))
        print('epoch %d loss %.4f, %.0f s' % (epoch + 1, np.mean(shown),
                                              time.time() - start), flush=True)
        torch.save(average.state_dict(), options.output + '.pt')
        if check and (epoch % 4 == 3 or epoch + 1 == options.epochs):
            report(average, check, cells, strides)
    return average


def export(model, path):
    """As exporters do: batch norm beside its convolution, dynamic batch."""
    model.eval()
    model.exporting = True
    torch.onnx.export(model, torch.zeros(1, 3, HEIGHT, WIDTH), path,
                      input_names=['images'], output_names=['output'],
                      dynamic_axes={'images': {0: 'batch'},
                                    'output': {0: 'batch'}},
                      opset_version=13, do_constant_folding=False,
                      training=torch.onnx.TrainingMode.PRESERVE)
    graph = onnx.load(path)
    onnx.helper.set_model_props(graph, {
        'names': str(dict(enumerate(('person', 'pet', 'vehicle'))))})
    onnx.save(graph, path)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('folders', nargs='*')
    p.add_argument('--check')
    p.add_argument('--epochs', type=int, default=16)
    p.add_argument('--batch', type=int, default=16)
    p.add_argument('--rate', type=float, default=3e-3)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--weights', help='begin with these (.pt)')
    p.add_argument('--warm', type=int, default=300, help='steps')
    p.add_argument('-o', '--output', default='doorbell.onnx')
    options = p.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(2)
    model = Detector()
    print(sum(q.numel() for q in model.parameters()), 'parameters')
    if options.weights:
        model.load_state_dict(torch.load(options.weights))
    if options.folders:
        parts = [load(f) for f in options.folders]
        data = [np.concatenate(a) for a in zip(*parts)]
        check = load(options.check) if options.check else None
        model = train(model.to(memory_format=torch.channels_last), data,
                      check, options)
    export(model, options.output)


if __name__ == '__main__':
    main()
