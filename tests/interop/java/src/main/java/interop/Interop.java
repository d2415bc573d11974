package interop;

import com.microsoft.signalr.HubConnection;
import com.microsoft.signalr.HubConnectionBuilder;
import com.microsoft.signalr.HubConnectionState;
import com.microsoft.signalr.TransportEnum;
import io.reactivex.rxjava3.core.Single;
import io.reactivex.rxjava3.disposables.Disposable;
import io.reactivex.rxjava3.subjects.ReplaySubject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Microsoft's Java client drives our hub. Arguments: URL, token, transport, names of checks. One JSON line a check. */
public final class Interop {
    /** A structured argument and result. */
    public static final class Parcel {
        public String itemName;
        public double weight;
        public String kind = "box";
    }

    private interface Check {
        void run(HubConnection connection) throws Exception;
    }

    private static final int SECONDS = 5;

    private Interop() {}

    private static Map<String, Check> checks() {
        Map<String, Check> all = new LinkedHashMap<>();
        all.put("starts", connection -> {
            expect(connection.getConnectionState() == HubConnectionState.CONNECTED, "connected");
            expect(connection.getConnectionId() != null, "a connection id");
        });
        all.put("invoke", connection -> {
            for (String text : new String[] {"", "gr\u00fc\u00dfe \ud83d\ude00 \u001e \u2028", "x".repeat(20_000)}) {
                expectEqual(text, await(connection.invoke(String.class, "Echo", text)));
            }
            expectEqual(-7, await(connection.invoke(Integer.class, "Echo", -7)));
        });
        all.put("void", connection -> expect(
                connection.invoke("Nothing").blockingAwait(SECONDS, TimeUnit.SECONDS), "the void call ends"));
        all.put("structure", connection -> {
            Parcel parcel = new Parcel();
            parcel.itemName = "tea";
            parcel.weight = 2;
            Parcel result = await(connection.invoke(Parcel.class, "Weigh", parcel, 3));
            expectEqual("tea", result.itemName);
            expectEqual(6.0, result.weight);
        });
        all.put("error", connection -> {
            expectError("not today", () -> await(connection.invoke(String.class, "Refuse", "not today")));
            expectError("NoSuchMethod", () -> await(connection.invoke(String.class, "NoSuchMethod")));
            expectEqual("on", await(connection.invoke(String.class, "Echo", "on")));
        });
        all.put("stream", connection -> {
            List<Integer> items = connection.stream(Integer.class, "Count", 50)
                    .timeout(SECONDS, TimeUnit.SECONDS).toList().blockingGet();
            expectEqual(IntStream.range(0, 50).boxed().collect(Collectors.toList()), items);
        });
        all.put("stream_error", connection -> expectError("the stream broke", () -> connection
                .stream(Integer.class, "FailingStream").timeout(SECONDS, TimeUnit.SECONDS).toList().blockingGet()));
        all.put("stream_cancelled", connection -> {
            CountDownLatch three = new CountDownLatch(3);
            Disposable reading = connection.stream(Integer.class, "Forever").subscribe(item -> three.countDown());
            expect(three.await(SECONDS, TimeUnit.SECONDS), "three items");
            reading.dispose();
            expectEqual(true, await(connection.invoke(Boolean.class, "StreamEnded")));
        });
        all.put("upload", connection -> {
            ReplaySubject<String> parts = ReplaySubject.create();
            Single<String> result = connection.invoke(String.class, "Concat", "<", parts);
            AtomicReference<String> text = new AtomicReference<>();
            CountDownLatch done = new CountDownLatch(1);
            result.subscribe(value -> {
                text.set(value);
                done.countDown();
            });
            for (String part : new String[] {"a", "b", "c"}) {
                parts.onNext(part);
            }
            parts.onComplete();
            expect(done.await(SECONDS, TimeUnit.SECONDS), "the upload's result");
            expectEqual("<abc", text.get());
        });
        all.put("events", connection -> {
            List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
            CountDownLatch all100 = new CountDownLatch(100);
            connection.on("Number", number -> {
                seen.add(number);
                all100.countDown();
            }, Integer.class);
            connection.send("ToCaller", 100);
            expect(all100.await(SECONDS, TimeUnit.SECONDS), "100 events");
            expectEqual(IntStream.range(0, 100).boxed().collect(Collectors.toList()), seen);
        });
        all.put("groups", connection -> {
            CountDownLatch heard = new CountDownLatch(1);
            connection.on("Said", (who, text) -> {
                if (who.equals("ann") && text.equals("hi")) {
                    heard.countDown();
                }
            }, String.class, String.class);
            connection.invoke("JoinGroup", "java").blockingAwait(SECONDS, TimeUnit.SECONDS);
            connection.send("ToGroup", "java", "hi");
            expect(heard.await(SECONDS, TimeUnit.SECONDS), "the group's event");
        });
        all.put("client_result", connection -> {
            connection.onWithResult("Double", number -> Single.just(number * 2), Integer.class);
            expectEqual(42, await(connection.invoke(Integer.class, "AskCaller", "Double", 21)));
        });
        return all;
    }

    private static <T> T await(Single<T> single) {
        return single.timeout(SECONDS, TimeUnit.SECONDS).blockingGet();
    }

    private static void expect(boolean met, String what) {
        if (!met) {
            throw new AssertionError("not met: " + what);
        }
    }

    private static void expectEqual(Object wanted, Object got) {
        expect(wanted.equals(got), "expected " + wanted + ", got " + got);
    }

    private static void expectError(String text, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException error) {
            expect(String.valueOf(error.getMessage()).contains(text), "an error with '" + text + "', got " + error);
            return;
        }
        throw new AssertionError("no error with '" + text + "'");
    }

    private static HubConnection connect(String[] arguments) {
        HubConnection connection = HubConnectionBuilder.create(arguments[0])
                .withAccessTokenProvider(Single.just(arguments[1]))
                .withTransport(TransportEnum.valueOf(arguments[2]))
                .build();
        expect(connection.start().blockingAwait(SECONDS, TimeUnit.SECONDS), "the connection starts");
        return connection;
    }

    /** Run the checks named on the command line, each on a connection of its own. */
    public static void main(String[] arguments) {
        Map<String, Check> all = checks();
        boolean failed = false;
        for (int index = 3; index < arguments.length; index++) {
            String name = arguments[index];
            try {
                HubConnection connection = connect(arguments);
                all.get(name).run(connection);
                expect(connection.stop().blockingAwait(SECONDS, TimeUnit.SECONDS), "the connection stops");
                System.out.println("{\"check\":\"" + name + "\",\"ok\":true}");
            } catch (Exception | AssertionError error) {
                failed = true;
                System.out.println("{\"check\":\"" + name + "\",\"ok\":false}");
                error.printStackTrace(System.out);
            }
        }
        System.exit(failed ? 1 : 0);
    }
}
