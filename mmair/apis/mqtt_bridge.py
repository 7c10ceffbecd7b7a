"""From frames on an MQTT topic to emotions on another."""
import json
import sys
from collections import OrderedDict
from typing import Callable, Dict, Optional, Tuple

from mmair.errors import InputError, quoted

from .messages import parse_frame
from .stream import StreamRecognizer


class MqttBridge:
    """Recognise the emotion of persons whose frames come over MQTT.

    The last level of a topic names the person: frames of ``skeleton/kitchen``
    are answered on ``emotion/kitchen``. Every person has a recogniser. What
    cannot be used is told in a sentence and counted, and the stream goes on.
    After a lost connection the bridge connects and subscribes again.

    Args:
        make_stream (Callable): Makes the recogniser of a person.
        topic (str): Where frames come from, as
            :func:`mmair.apis.messages.parse_frame` reads them; its last level
            may be ``+``. Defaults to 'skeleton/+'.
        publish (str): Where the answers go to, one JSON message each, below
            it the person. Defaults to 'emotion'.
        max_persons (int): Recognisers at most; for another one that which
            had no frame for longest is dropped. Defaults to 16.
        report (Callable): Takes a sentence about what happened. By default
            it is printed to stderr.

    Raises:
        InputError: If a topic cannot be used.
    """

    def __init__(self,
                 make_stream: Callable[[], StreamRecognizer],
                 topic: str = 'skeleton/+',
                 publish: str = 'emotion',
                 max_persons: int = 16,
                 report: Optional[Callable[[str], None]] = None) -> None:
        if not topic or '#' in topic or '+' in topic[:-1] or (
                topic.endswith('+') and not topic.endswith('/+')):
            raise InputError(f'the topic of frames is {quoted(topic)}, '
                             "expected one such as 'skeleton/kitchen' or "
                             "'skeleton/+'")
        if not publish or '#' in publish or '+' in publish:
            raise InputError(f'the topic of answers is {quoted(publish)}, '
                             "expected one such as 'emotion'")
        if publish == topic.rpartition('/')[0]:
            raise InputError(f'the topic of answers is {quoted(publish)}, '
                             'expected another one than that of the frames, '
                             'or every answer would be read as a frame')
        self.make_stream = make_stream
        self.topic, self.publish = topic, publish
        self.max_persons = max_persons
        self.report = report or (lambda sentence: print(
            sentence, file=sys.stderr, flush=True))
        self.streams: 'OrderedDict[str, StreamRecognizer]' = OrderedDict()
        self.counts: Dict[str, int] = dict(frames=0, late=0, restarts=0,
                                           garbage=0, answers=0)
        self._told: Optional[Tuple[str, str]] = None

    def handle(self, topic: str, payload: bytes
               ) -> Optional[Tuple[str, str]]:
        """Take a message.

        Args:
            topic (str): Its topic.
            payload (bytes): What it holds.

        Returns:
            tuple[str] | None: Topic and message of an answer that is due.
        """
        person = topic.rpartition('/')[2]
        stream = self.streams.pop(person, None) or self.make_stream()
        answer, late, restarts = None, stream.late, stream.restarts
        try:
            answer = stream.push(*parse_frame(payload, stream.layout))
        except InputError as error:
            self.counts['garbage'] += 1
            # A sensor that is wrong is so thirty times a second.
            if self._told != (topic, str(error)):
                self._told = topic, str(error)
                self.report(f'{topic}: left out: {error}')
            if stream.is_empty:
                return None  # garbage alone makes nobody a person
        else:
            self.counts['frames'] += 1
            self.counts['late'] += stream.late - late
            self.counts['restarts'] += stream.restarts - restarts
            if not late and stream.late:
                self.report(f'{topic}: the time of a frame is not after that '
                            'of the one before; more such are counted')
            if not restarts and stream.restarts:
                self.report(f'{topic}: a frame is a window or more away from '
                            'the one before and begins anew; more such are '
                            'counted')
        self.streams[person] = stream
        if len(self.streams) > self.max_persons:
            dropped, _ = self.streams.popitem(last=False)
            self.report(f'{dropped}: forgotten, there are more than '
                        f'{self.max_persons} persons')
        if answer is None:
            return None
        self.counts['answers'] += 1
        return f'{self.publish}/{person}', json.dumps(answer)

    def run(self,
            host: str,
            port: int = 1883,
            username: Optional[str] = None,
            password: Optional[str] = None,
            tls: bool = False) -> None:
        """Connect and go on until interrupted.

        Args:
            host (str): Of the broker.
            port (int): Of the broker. Defaults to 1883.
            username (str, optional): Of this client.
            password (str, optional): Of this client.
            tls (bool): Whether to encrypt, and to check the broker's
                certificate by those of the system. Defaults to False.

        Raises:
            InputError: If paho-mqtt is not installed.
        """
        client = self._client()
        if username is not None:
            client.username_pw_set(username, password)
        if tls:
            client.tls_set()
        client.reconnect_delay_set(1, 30)
        client.max_queued_messages_set(1000)  # while there is no connection
        try:
            client.connect_async(host, port)
            client.loop_forever(retry_first_connection=True)
        except KeyboardInterrupt:
            client.disconnect()
        except ValueError as error:
            raise InputError(f'{host}:{port}: is no broker that can be '
                             f'connected to ({error})') from error
        finally:
            self.report(
                '{frames} frames, {late} out of order, {restarts} that began '
                'anew, {garbage} messages that were none, {answers} answers'
                .format(**self.counts))

    def _client(self):
        try:
            from paho.mqtt import client as mqtt
        except ImportError as error:
            raise InputError('the MQTT bridge needs paho-mqtt 2, which is not '
                             "installed: pip install 'paho-mqtt>=2'"
                             ) from error
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)

        def on_connect(client, userdata, flags, reason, properties):
            if reason.is_failure:
                self.report(f'the broker refuses the connection ({reason})')
                return
            # Again after each reconnection.
            client.subscribe(self.topic)

        def on_subscribe(client, userdata, mid, reasons, properties):
            # Not before: what is published until then does not arrive.
            if reasons[0].is_failure:
                self.report(f'the broker refuses {self.topic} ({reasons[0]})')
                return
            self.report(f'connected; frames from {self.topic}, answers to '
                        f'{self.publish}')

        def on_connect_fail(client, userdata):
            self.report('the broker cannot be reached; trying again')

        def on_disconnect(client, userdata, flags, reason, properties):
            if reason.is_failure:
                self.report(f'the connection is lost ({reason}); trying '
                            'again')

        def on_message(client, userdata, message):
            answer = self.handle(message.topic, message.payload)
            if answer is not None:
                client.publish(*answer, qos=1)

        client.on_connect, client.on_connect_fail = on_connect, on_connect_fail
        client.on_disconnect, client.on_message = on_disconnect, on_message
        client.on_subscribe = on_subscribe
        return client
