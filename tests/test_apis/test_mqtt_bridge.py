import importlib.util
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from tiny_runs import ROOT, run_tool, sentence

from mmair.apis import StreamRecognizer
from mmair.apis.mqtt_bridge import MqttBridge
from mmair.datasets.readers import load_annotations
from mmair.errors import InputError

BROKER = shutil.which('mosquitto', path=os.environ['PATH'] + ':/usr/sbin')
FPS, WINDOW = 30, 1.


def message(pose, at):
    return json.dumps(dict(time=at, keypoint=pose.tolist()))


@pytest.fixture(scope='module')
def body(trained):
    x = load_annotations(trained.data)['annotations'][0]['keypoint'][0]
    return x.round(4)[:60]


@pytest.fixture
def said():
    return []


@pytest.fixture
def bridge(inferencer, said):
    return MqttBridge(
        lambda: StreamRecognizer(inferencer, WINDOW, FPS, rate=3),
        max_persons=3, report=said.append)


def test_every_person_has_a_recogniser(bridge, inferencer, body, said):
    alone = [StreamRecognizer(inferencer, WINDOW, FPS, rate=3)
             for _ in range(2)]
    answers = 0
    for i in range(len(body)):
        for person, pose in enumerate((body[i], body[-1 - i])):
            expected = alone[person].push(pose, i / FPS)
            found = bridge.handle(f'skeleton/p{person}',
                                  message(pose, i / FPS).encode())
            if expected is None:
                assert found is None
                continue
            topic, text = found
            assert topic == f'emotion/p{person}'
            assert json.loads(text) == expected
            answers += 1
        if i % 7 == 0:
            assert bridge.handle('skeleton/p0', b'\xff garbage') is None
    assert answers == 8 == bridge.counts['answers']
    assert len(bridge.streams) == 2
    assert bridge.counts['frames'] == 2 * len(body)
    # What says the same as before is told once.
    assert bridge.counts['garbage'] == 9 and len(said) == 1
    assert said[0].startswith('skeleton/p0: left out: the message is no JSON')


def test_persons_are_forgotten_and_garbage_makes_none(bridge, body, said):
    for person in 'abca':
        bridge.handle(f'skeleton/{person}', message(body[0], 0).encode())
    for number in range(50):
        bridge.handle(f'skeleton/x{number}', b'garbage')
    assert list(bridge.streams) == list('bca')
    said.clear()
    bridge.handle('skeleton/d', message(body[0], 0).encode())
    assert list(bridge.streams) == list('cad')
    assert said == ['b: forgotten, there are more than 3 persons']
    assert bridge.handle('skeleton/d', b'garbage') is None
    assert list(bridge.streams) == list('cad')


def test_what_is_out_of_order_or_far_away_is_told_once(bridge, body, said):
    for person in 'ab':
        for at in (0, .1, .05, .2, .1, 60., .3):
            bridge.handle(f'skeleton/{person}', message(body[0], at).encode())
    assert bridge.counts == dict(frames=14, late=6, restarts=4, garbage=0,
                                 answers=0)
    assert said == [f'skeleton/{person}: {what}; more such are counted'
                    for person in 'ab' for what in (
                        'the time of a frame is not after that of the one '
                        'before', 'a frame is a window or more away from the '
                        'one before and begins anew')]


@pytest.mark.parametrize('topics', [
    dict(topic='a/#'), dict(topic='+/a'), dict(topic=''), dict(topic='a+'),
    dict(publish=''), dict(publish='a/+'), dict(publish='skeleton'),
    dict(topic='emotion/kitchen')])
def test_topics(topics):
    with pytest.raises(InputError, match='topic of'):
        MqttBridge(lambda: None, **topics)


def test_without_paho(bridge, monkeypatch):
    monkeypatch.setitem(sys.modules, 'paho', None)
    monkeypatch.setitem(sys.modules, 'paho.mqtt', None)
    with pytest.raises(InputError, match="pip install 'paho-mqtt>=2'"):
        bridge.run('localhost')


def test_connected_is_said_when_frames_arrive(bridge, said):
    pytest.importorskip('paho.mqtt')
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.reasoncodes import ReasonCode
    client, asked = bridge._client(), []
    client.subscribe = asked.append
    client.on_connect(client, None, {},
                      ReasonCode(PacketTypes.CONNACK, 'Success'), None)
    assert asked == ['skeleton/+'] and said == []
    for name in ('Not authorized', 'Granted QoS 0'):
        client.on_subscribe(client, None, 1,
                            [ReasonCode(PacketTypes.SUBACK, name)], None)
    assert said == ['the broker refuses skeleton/+ (Not authorized)',
                    'connected; frames from skeleton/+, answers to emotion']


def test_tool_says_what_is_wrong(trained, capsys):
    model = trained.config, trained.checkpoint, '--fps', 30, '--window', 1
    capsys.readouterr()
    assert run_tool('mqtt_bridge.py', *model, '--topic', 'a/#') == 2
    assert 'topic of frames' in sentence(capsys)
    assert run_tool('mqtt_bridge.py', *model, '--port', 0) == 2


# With a real broker.

needs_broker = pytest.mark.skipif(
    BROKER is None or importlib.util.find_spec('paho') is None,
    reason='needs the mosquitto broker (apt-get install mosquitto) and '
    'paho-mqtt')


def free_port():
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        return found.getsockname()[1]


class Broker:

    def __init__(self, folder):
        self.port = free_port()
        self.conf = folder / 'mosquitto.conf'
        self.conf.write_text(f'listener {self.port} 127.0.0.1\n'
                             'allow_anonymous true\nuser root\n')

    def start(self):
        self.process = subprocess.Popen(
            [BROKER, '-c', self.conf], stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(('127.0.0.1', self.port)).close()
                return
            except OSError:
                time.sleep(.05)
        raise AssertionError('mosquitto does not start')

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Sensor:
    """Publishes frames and listens to the answers."""

    def __init__(self, port):
        from paho.mqtt import client as mqtt
        self.answers, connected = queue.Queue(), queue.Queue()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda c, u, m: self.answers.put(
            (m.topic, json.loads(m.payload)))
        self.client.on_subscribe = lambda *_: connected.put(1)
        self.client.connect('127.0.0.1', port)
        self.client.subscribe('emotion/+', qos=1)
        self.client.loop_start()
        connected.get(timeout=10)

    def send(self, payload):
        self.client.publish('skeleton/kitchen', payload, qos=1)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def wait_for(process, words):
    """Read what the bridge says up to a line with the words."""
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f'the bridge ended without {words!r}')


@needs_broker
def test_broker_reconnection_and_garbage(trained, inferencer, body, tmp_path):
    broker = Broker(tmp_path)
    broker.start()
    process = subprocess.Popen(
        [sys.executable, ROOT / 'tools/mqtt_bridge.py', trained.config,
         trained.checkpoint, '--device', 'cpu', '--fps', str(FPS), '--window',
         str(WINDOW), '--rate', '3', '--host', '127.0.0.1', '--port',
         str(broker.port)], stderr=subprocess.PIPE, text=True,
        env=dict(os.environ, PYTHONPATH=str(ROOT)))
    try:
        wait_for(process, 'connected; frames from skeleton/+')
        alone = StreamRecognizer(inferencer, WINDOW, FPS, rate=3)
        expected = []

        def send(sensor, frames):
            for i in frames:
                sensor.send(b'garbage')
                sensor.send(message(body[i], i / FPS))
                expected.append(alone.push(body[i], i / FPS))

        def check(sensor):
            for answer in filter(None, expected):
                topic, found = sensor.answers.get(timeout=20)
                assert topic == 'emotion/kitchen'
                assert found['time'] == answer['time']
                assert found['emotion'] == answer['emotion']
                np.testing.assert_allclose(
                    list(found['scores'].values()),
                    list(answer['scores'].values()), atol=1e-5)
            assert sensor.answers.empty() and any(expected)
            expected.clear()

        sensor = Sensor(broker.port)
        # The last frame is answered: none is on its way when the broker goes.
        send(sensor, range(40))
        check(sensor)
        sensor.close()
        broker.stop()
        wait_for(process, 'the connection is lost')
        broker.start()
        wait_for(process, 'connected; frames from skeleton/+')
        # The frames before count on: the window is full.
        sensor = Sensor(broker.port)
        send(sensor, range(40, 60))
        check(sensor)
        sensor.close()
        process.send_signal(signal.SIGTERM)
        assert ('60 frames, 0 out of order, 0 that began anew, 60 messages '
                'that were none, 4 answers') in wait_for(process, ' frames, ')
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        broker.stop()
