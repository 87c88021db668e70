from __future__ import annotations

import itertools
import threading
import time

import pytest

from rtskin.capture import network as module
from rtskin.capture import open_source
from rtskin.capture.pattern import read_number
from rtskin.errors import InputError, NoFramesError, SourceError

from .media import make_sound, make_video
from .servers import http_server, serve_ranges, silent_server


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.01)


def send_whole(data: bytes):
    """In chunks, without a length, as live streams are sent; the end is told by an empty chunk."""

    def answer(handler, number):
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Content-Type", "video/mp2t")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n" % len(data) + data + b"\r\n0\r\n\r\n")
        handler.close_connection = True

    return answer


def test_a_clip_by_http_gives_every_frame(tmp_path):
    data = make_video(tmp_path / "clip.mp4", 60).read_bytes()
    with http_server(serve_ranges(data)) as address, open_source(address) as source:
        assert not source.live
        assert source.info.frames == 60
        assert [read_number(frame.bgr) for frame in source] == list(range(60))
        assert source.read() is None
        assert source.counters() == {"damaged": 0, "late": 0, "reconnects": 0}


def test_a_clip_that_breaks_off_goes_on_where_it_broke(tmp_path, caplog):
    data = make_video(tmp_path / "clip.mkv", 90, size=(160, 120)).read_bytes()
    with (
        http_server(serve_ranges(data, cut_first=len(data) // 2)) as address,
        open_source(address) as source,
    ):
        frames = list(source)
        assert source.counters()["reconnects"] == 1
    assert [read_number(frame.bgr) for frame in frames] == list(range(90))
    assert [frame.time for frame in frames] == pytest.approx([n / 30 for n in range(90)], abs=0.001)
    assert "connecting again (1 of 5)" in caplog.text


def test_a_live_stream_that_starts_again_has_times_that_grow(tmp_path):
    data = make_video(tmp_path / "clip.ts", 30).read_bytes()
    with http_server(send_whole(data)) as address, open_source(address) as source:
        assert source.live
        frames = list(itertools.islice(source, 40))
        assert source.counters()["reconnects"] >= 1
    times = [frame.time for frame in frames]
    assert all(a < b for a, b in itertools.pairwise(times))
    assert times[-1] - times[0] < 30
    assert [frame.seq for frame in frames] == list(range(40))


def test_a_live_stream_that_ends_and_stays_away_is_over(tmp_path, caplog):
    data = make_video(tmp_path / "clip.ts", 30).read_bytes()

    def answer(handler, number):
        if number == 0:
            send_whole(data)(handler, number)
        else:
            handler.send_error(404)

    with http_server(answer) as address, open_source(address, reconnect=2) as source:
        frames = list(source)
        assert source.counters()["reconnects"] == 0
    assert frames
    assert "connecting again (2 of 2)" in caplog.text
    assert "did not come back" in caplog.text


def test_a_clip_that_breaks_for_good_is_an_error(tmp_path):
    data = make_video(tmp_path / "clip.mkv", 90, size=(160, 120)).read_bytes()
    serve = serve_ranges(data, cut_first=len(data) // 2)

    def answer(handler, number):
        if number == 0:
            serve(handler, number)
        else:
            handler.send_error(503)

    with http_server(answer) as address, open_source(address, reconnect=1) as source:
        with pytest.raises(SourceError, match="gave up after 1 attempts") as caught:
            list(source)
        assert source.read() is None
    assert "\n" not in str(caught.value)


def test_a_stall_ends_at_the_read_timeout_and_connects_again(tmp_path):
    data = make_video(tmp_path / "clip.ts", 60).read_bytes()
    stop = threading.Event()

    def answer(handler, number):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(data)
        stop.wait(20)

    with http_server(answer) as address:
        source = open_source(address, read_timeout=0.3, open_timeout=5)
        with source:
            first = source.read()
            while source.counters()["reconnects"] == 0:
                frame = source.read()
            assert frame.time > first.time
        stop.set()


def test_a_server_that_says_nothing_is_given_up():
    with silent_server() as address, pytest.raises(SourceError, match=r"no answer within 0\.3 s"):
        open_source(address, open_timeout=0.3)


def test_interrupt_ends_a_blocked_read_at_once(tmp_path):
    data = make_video(tmp_path / "clip.ts", 30).read_bytes()
    stop = threading.Event()

    def answer(handler, number):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(data)
        stop.wait(20)

    with http_server(answer) as address:
        source = open_source(address, read_timeout=3)
        result = []
        reading = threading.Thread(target=lambda: result.extend(source))
        reading.start()
        source.interrupt()
        reading.join(2)
        assert not reading.is_alive()
        assert source.read() is None
        source.close()
        source.close()
        stop.set()


def test_errors_never_show_credentials(tmp_path):
    with http_server(lambda handler, number: handler.send_error(401)) as address:
        secret = address.replace("http://", "http://anna:geheim@") + "?token=hidden"
        with pytest.raises(SourceError, match="user:password@") as caught:
            open_source(secret)
    for word in ("anna", "geheim", "hidden"):
        assert word not in str(caught.value)
    assert "***@127.0.0.1" in str(caught.value)


def test_names_and_repr_never_show_credentials(tmp_path, caplog):
    data = make_video(tmp_path / "clip.mkv", 60).read_bytes()
    with http_server(serve_ranges(data, cut_first=len(data) // 2)) as address:
        secret = address.replace("http://", "http://anna:geheim@") + "?token=hidden"
        with open_source(secret) as source:
            frame = source.read()
            told = f"{source!r} {source.info!r} {frame!r} {[thread.name for thread in threading.enumerate()]}"
            list(source)
            assert source.counters()["reconnects"] == 1
    told += caplog.text
    for word in ("anna", "geheim", "hidden"):
        assert word not in told


def test_refused_text_and_sound(tmp_path):
    with pytest.raises(SourceError, match="refused"):
        open_source("http://127.0.0.1:9/live")
    with http_server(send_whole(b"hello\n" * 1000)) as address, pytest.raises(SourceError) as caught:
        open_source(address)
    assert "127.0.0.1" in str(caught.value)
    sound = make_sound(tmp_path / "sound.mkv").read_bytes()
    with http_server(serve_ranges(sound)) as address, pytest.raises(NoFramesError, match="only audio"):
        open_source(address)


@pytest.mark.parametrize(
    "options", [{"open_timeout": 0}, {"read_timeout": -1}, {"max_lag": float("inf")}, {"reconnect": -1}]
)
def test_options_that_are_none(options):
    with pytest.raises(InputError):
        open_source("http://127.0.0.1:9/", **options)


def test_a_backlog_is_jumped_over_and_counted(tmp_path, monkeypatch):
    data = make_video(tmp_path / "clip.ts", 90, options={"bf": "0"}).read_bytes()

    class Clock:
        """The network stalls for 20 seconds before frame 45; what had piled up then comes at twice the speed."""

        calls = 0

        def monotonic(self):
            self.calls += 1
            return self.calls / 60 + (20 if self.calls > 45 else 0)

        monotonic_ns = staticmethod(time.monotonic_ns)

    monkeypatch.setattr(module, "time", Clock())
    monkeypatch.setattr(module, "_KEEP", 1000)
    with http_server(send_whole(data)) as address, open_source(address, reconnect=0, max_lag=0.5) as source:
        numbers = [read_number(frame.bgr) for frame in source]
        assert source.counters()["late"] == 90 - len(numbers)
    assert numbers == list(range(len(numbers)))
    assert 44 <= len(numbers) <= 46


def test_a_live_stream_is_whole_again_after_a_backlog(tmp_path, monkeypatch):
    data = make_video(tmp_path / "clip.ts", 90, options={"bf": "0"}).read_bytes()

    class Clock:
        """Frames 30 to 32 come two seconds late, everything after them on time."""

        calls = 0

        def monotonic(self):
            self.calls += 1
            return self.calls / 30 + (2 if 30 < self.calls <= 33 else 0)

        monotonic_ns = staticmethod(time.monotonic_ns)

    monkeypatch.setattr(module, "time", Clock())
    monkeypatch.setattr(module, "_KEEP", 1000)
    with http_server(send_whole(data)) as address, open_source(address, reconnect=0, max_lag=0.5) as source:
        numbers = [read_number(frame.bgr) for frame in source]
        late = source.counters()["late"]
    assert 3 <= late < 40
    assert len(numbers) == 90 - late
    assert numbers[-20:] == list(range(70, 90))
