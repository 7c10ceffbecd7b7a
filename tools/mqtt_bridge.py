"""Recognise emotion in frames from an MQTT topic, and publish it.

    python tools/mqtt_bridge.py CONFIG CHECKPOINT --fps 30 --window 4 \
        --host broker.local --topic skeleton/+ --publish emotion

Frames of skeleton/kitchen are answered on emotion/kitchen; the messages are
those of tools/stream.py. Needs paho-mqtt. Ends with Ctrl-C. A password is
taken from the environment variable MQTT_PASSWORD.
"""
import argparse
import os
import signal

import mmair  # noqa: F401  (says at once what an installation lacks)
from mmair.apis.command_line import (add_model, add_streaming,
                                     make_inferencer, make_stream)
from mmair.apis.mqtt_bridge import MqttBridge
from mmair.cli import count, number, run


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model(parser)
    add_streaming(parser)
    parser.add_argument('--host', default='localhost',
                        help='the broker (default: localhost)')
    parser.add_argument('--port', type=number(int, 1, 65535), default=1883,
                        help='its port (default: 1883)')
    parser.add_argument('--username', help='name to log in with')
    parser.add_argument('--tls', action='store_true',
                        help='encrypt the connection')
    parser.add_argument('--topic', default='skeleton/+',
                        help='topic of frames; the last level is the person '
                        '(default: skeleton/+)')
    parser.add_argument('--publish', default='emotion',
                        help='topic of answers, below it the person '
                        '(default: emotion)')
    parser.add_argument('--max-persons', type=count, default=16,
                        help='persons at once (default: 16)')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    inferencer = make_inferencer(args)
    make_stream(args, inferencer)  # says at once what does not fit
    bridge = MqttBridge(lambda: make_stream(args, inferencer), args.topic,
                        args.publish, args.max_persons)
    # As Ctrl-C, which a process in the background may not get.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    bridge.run(args.host, args.port, args.username,
               os.environ.get('MQTT_PASSWORD'), args.tls)


if __name__ == '__main__':
    run(main)
